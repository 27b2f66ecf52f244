"""The contract's rules as a black box: a kit that calls any server over HTTP and says which rules it keeps.

It knows the contract and nothing about the server behind it: no room of ours that serves is imported here. What it
needs from outside (a way to send, fresh ids, a place where its receiver listens) is handed in by the command line.
"""
