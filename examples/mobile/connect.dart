// Connect from Flutter: the hosted link in the system's browser tab, the return as the callbacks.
import 'package:flutter/services.dart';
import 'package:flutter_web_auth_2/flutter_web_auth_2.dart';

class Callbacks {
  const Callbacks({
    required this.onAccountConnected,
    required this.onTokenExpired,
    required this.onExit,
    this.onConnectionFailure,
  });

  final void Function(String accountId, String workPlatformId, String userId) onAccountConnected;
  final void Function(String userId) onTokenExpired;
  final void Function(String reason, String userId) onExit;
  final void Function(String reason, String workPlatformId, String userId)? onConnectionFailure;
}

/// [url]: of POST /x/connect-sessions, made by your server with redirect_url `myapp://connected`.
Future<void> connect(String url, String userId, Callbacks on) async {
  final String returned;
  try {
    returned = await FlutterWebAuth2.authenticate(url: url, callbackUrlScheme: 'myapp');
  } on PlatformException {
    on.onExit('BACK_PRESSED', userId);
    return;
  }
  final told = Uri.parse(returned).queryParametersAll;
  String one(String name) => told[name]?.first ?? '';
  for (final account in told['account_id'] ?? const <String>[]) {
    on.onAccountConnected(account, one('work_platform_id'), userId);
  }
  if (one('status') == 'failed') {
    on.onConnectionFailure?.call(one('reason'), one('work_platform_id'), userId);
  }
  if (one('status') == 'token_expired') on.onTokenExpired(userId);
  on.onExit(one('status') == 'failed' ? 'EXIT_FROM_GUIDANCE' : one('reason'), userId);
}
