// Connect from iOS: the hosted link in the system's browser tab, the return as the delegate's calls.
import AuthenticationServices

protocol ConnectDelegate: AnyObject {
    func onAccountConnected(account_id: String, work_platform_id: String, user_id: String)
    func onConnectionFailure(reason: String, work_platform_id: String, user_id: String)
    func onTokenExpired(user_id: String)
    func onExit(reason: String, user_id: String)
}

final class Connect: NSObject, ASWebAuthenticationPresentationContextProviding {
    private let window: UIWindow
    private weak var delegate: ConnectDelegate?
    private var session: ASWebAuthenticationSession?

    init(window: UIWindow, delegate: ConnectDelegate) {
        self.window = window
        self.delegate = delegate
    }

    /// url: of POST /x/connect-sessions, made by your server with redirect_url "myapp://connected".
    func open(url: URL, userId: String) {
        let session = ASWebAuthenticationSession(url: url, callbackURLScheme: "myapp") { [weak self] returned, _ in
            guard let delegate = self?.delegate else { return }
            guard let returned, let parts = URLComponents(url: returned, resolvingAgainstBaseURL: false) else {
                return delegate.onExit(reason: "BACK_PRESSED", user_id: userId)
            }
            let told = parts.queryItems ?? []
            let one = { (name: String) in told.first { $0.name == name }?.value ?? "" }
            for item in told where item.name == "account_id" {
                delegate.onAccountConnected(
                    account_id: item.value ?? "", work_platform_id: one("work_platform_id"), user_id: userId)
            }
            if one("status") == "failed" {
                delegate.onConnectionFailure(
                    reason: one("reason"), work_platform_id: one("work_platform_id"), user_id: userId)
            }
            if one("status") == "token_expired" { delegate.onTokenExpired(user_id: userId) }
            let reason = one("status") == "failed" ? "EXIT_FROM_GUIDANCE" : one("reason")
            delegate.onExit(reason: reason, user_id: userId)
        }
        session.presentationContextProvider = self
        self.session = session
        session.start()
    }

    func presentationAnchor(for session: ASWebAuthenticationSession) -> ASPresentationAnchor { window }
}
