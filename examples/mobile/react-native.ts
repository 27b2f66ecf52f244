// Connect from React Native (Expo): the hosted link in the system's browser tab, the return as the callbacks.
import * as WebBrowser from "expo-web-browser";

export interface Callbacks {
  accountConnected(accountId: string, workplatformId: string, userId: string): void;
  connectionFailure?(reason: string, workplatformId: string, userId: string): void;
  tokenExpired(userId: string): void;
  exit(reason: string, userId: string): void;
}

// url: of POST /x/connect-sessions, made by your server with redirect_url "myapp://connected".
export async function connect(url: string, userId: string, on: Callbacks): Promise<void> {
  const result = await WebBrowser.openAuthSessionAsync(url, "myapp://connected");
  if (result.type !== "success") return on.exit("BACK_PRESSED", userId);
  const told = new URL(result.url).searchParams;
  const reason = told.get("reason") ?? "";
  const status = told.get("status") ?? "";
  const platform = told.get("work_platform_id") ?? "";
  for (const account of told.getAll("account_id")) on.accountConnected(account, platform, userId);
  if (status === "failed") on.connectionFailure?.(reason, platform, userId);
  if (status === "token_expired") on.tokenExpired(userId);
  on.exit(status === "failed" ? "EXIT_FROM_GUIDANCE" : reason, userId);
}
