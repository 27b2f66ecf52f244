// Connect from Android: the hosted link in a Custom Tab, the return through an activity for the app's scheme.
//
// In the manifest, for ReturnActivity: launchMode "singleTask", exported, and an intent filter of VIEW, DEFAULT and
// BROWSABLE with <data android:scheme="myapp" android:host="connected" />.
package org.example.connect

import android.app.Activity
import android.content.Context
import android.net.Uri
import android.os.Bundle
import androidx.browser.customtabs.CustomTabsIntent

interface ConnectCallback {
    fun onAccountConnected(account_id: String, work_platform_id: String, user_id: String)
    fun onConnectionFailure(reason: String, work_platform_id: String, user_id: String)
    fun onTokenExpired(user_id: String)
    fun onExit(reason: String, user_id: String)
}

object Connect {
    private var callback: ConnectCallback? = null
    private var user = ""

    /** [url]: of POST /x/connect-sessions, made by your server with redirect_url "myapp://connected". */
    fun open(context: Context, url: String, userId: String, on: ConnectCallback) {
        callback = on
        user = userId
        CustomTabsIntent.Builder().build().launchUrl(context, Uri.parse(url))
    }

    /** From `onResume` of the activity that opened it: whoever closes the tab comes back without a return. */
    fun resumed() {
        val on = callback ?: return
        callback = null
        on.onExit("BACK_PRESSED", user)
    }

    fun returned(told: Uri) {
        val on = callback ?: return
        fun one(name: String) = told.getQueryParameter(name).orEmpty()
        val platform = one("work_platform_id")
        for (account in told.getQueryParameters("account_id")) on.onAccountConnected(account, platform, user)
        if (one("status") == "failed") on.onConnectionFailure(one("reason"), platform, user)
        if (one("status") == "token_expired") on.onTokenExpired(user)
        callback = null
        on.onExit(if (one("status") == "failed") "EXIT_FROM_GUIDANCE" else one("reason"), user)
    }
}

class ReturnActivity : Activity() {
    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        intent.data?.let(Connect::returned)
        finish()
    }
}
