"""The contract's work platforms, as in its text and hard-coded by consumers: not taken from the code."""

CATALOGUE = (
    ("9bb8913b-ddd9-430b-a66a-d74d846e6c66", "Instagram", "SOCIAL"),
    ("d3badb09-a81f-4444-bc27-1a994d939e00", "Instagram Direct", "SOCIAL"),
    ("fb7cafcf-60ed-468a-ad6d-6bb6899d0871", "Instagram Lite", "SOCIAL"),
    ("14d9ddf5-51c6-415e-bde6-f8ed36ad7054", "YouTube", "ENTERTAINMENT"),
    ("de55aeec-0dc8-4119-bf90-16b3d1f0c987", "TikTok", "SOCIAL"),
    ("7f9c3e9a-6d2f-4b77-9b47-3c8f5a1d4e62", "Tiktok Shop", "SOCIAL"),
    ("ad2fec62-2987-40a0-89fb-23485972598c", "Facebook", "SOCIAL"),
    ("7645460a-96e0-4192-a3ce-a1fc30641f72", "X", "SOCIAL"),
    ("e4de6c01-5b78-4fc0-a651-24f44134457b", "Twitch", "ENTERTAINMENT"),
    ("fbf76083-710b-439a-8b8c-956f607ef2c1", "Substack", "SOCIAL"),
    ("24fcaa09-0a79-4deb-b074-d8efd900265b", "Beehiiv", "PUBLICATION"),
    ("36410629-f907-43ba-aa0d-434ca9c0501a", "LinkedIn", "BUSINESS"),
    ("3e6f4cdd-2119-4125-aa0d-86eee4e20fcc", "AdSense", "SOCIAL"),
    ("1db0b86c-a547-4119-9834-da927171a685", "Spotify", "SOCIAL"),
    ("ee3c8d7a-3207-4f56-945f-f942b34c96e1", "Snapchat", "SOCIAL"),
    ("a22c6022-5226-55f4-a436-3693f2148bd4", "WWW", "GLOBAL_NETWORK"),
)
"""Id, name, category."""
