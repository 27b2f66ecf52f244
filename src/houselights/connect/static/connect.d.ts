// Declarations of connect.js. Copy them beside your code, or name them in `types`.

/** One of these; any text compiles, so that a value of a configuration may be passed as it is. */
export type Environment = "sandbox" | "staging" | "production" | "development" | "dev" | (string & {});

export interface Options {
  /** Name of your product, as the creator reads it. */
  clientDisplayName: string;
  /** Which credentials the token was made with. */
  environment: Environment;
  /** Id of `POST /v1/users`. */
  userId: string;
  /** `sdk_token` of `POST /v1/sdk-tokens`. */
  token: string;
  /** Goes to this platform at once. */
  workPlatformId?: string | null;
  /** Ends after one account. */
  singleAccount?: boolean;
  /** Sends the whole page to us and back to `redirectURL`, in the place of a dialog. */
  redirect?: boolean;
  /** Where the creator is sent at the end: https, or an app's own scheme; your application must list it. */
  redirectURL?: string;
  /** Such as `es`; else the browser's. */
  language?: string;
  /** Throws the vendor's errors for callbacks that are missing or declare too few parameters. */
  strict?: boolean;
}

/** More may come. */
export type ExitReason =
  | "DONE_CLICKED"
  | "BACK_PRESSED"
  | "EXIT_FROM_CONSENT"
  | "EXIT_FROM_PLATFORM_SELECTION"
  | "EXIT_FROM_CONNECTIONS"
  | "EXIT_FROM_GUIDANCE"
  | "TOKEN_EXPIRED"
  | "EXIT_CALLED"
  | (string & {});

/** More may come. */
export type FailureReason =
  | "INADEQUATE_PERMISSIONS"
  | "USER_DENIED"
  | "NO_PROFESSIONAL_ACCOUNT"
  | "NO_LINKED_PAGE"
  | "NO_CHANNEL"
  | "ACCOUNT_ALREADY_CONNECTED_ELSEWHERE"
  | "POPUP_BLOCKED"
  | "PLATFORM_UNAVAILABLE"
  | "PLATFORM_RATE_LIMITED"
  | "STATE_INVALID"
  | "SESSION_MISMATCH"
  | "INTERNAL_ERROR"
  | (string & {});

export interface Events {
  /** An account is connected and can be read; the dialog is still open. */
  accountConnected: (accountId: string, workplatformId: string, userId: string) => void;
  /** The creator disconnected an account in the dialog. */
  accountDisconnected: (accountId: string, workplatformId: string, userId: string) => void;
  /** The token is over or refused; the dialog closes by itself. */
  tokenExpired: (userId: string) => void;
  /** The dialog is gone. Once for each `open()`, and the last event. */
  exit: (reason: ExitReason, userId: string) => void;
  /** One attempt failed; the creator may try again in the same dialog. */
  connectionFailure: (reason: FailureReason, workplatformId: string, userId: string) => void;
}

export interface Version {
  connect_web_sdk_version: string;
}

export interface Handle {
  /** The last callback for an event wins. */
  on<Name extends keyof Events>(event: Name, callback: Events[Name]): void;
  open(): void;
  exit(): void;
  version(): Version;
}

export interface Connect {
  /** `undefined` where an option is missing or wrong; the console says which. */
  initialize(options: Options): Handle | undefined;
  version(): Version;
}

declare global {
  const PhylloConnect: Connect;
  interface Window {
    PhylloConnect: Connect;
  }
}
