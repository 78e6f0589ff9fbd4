package answer

// Words that several pages share.
const (
	NotConnected = "The account was not connected"

	Home        = "Go to the start page"
	GoTo        = "Go to "        // then a host
	SignInWith  = "Sign in with " // then a provider
	SignIn      = "Sign in"
	SignInThere = "Sign in there"
	SignInAgain = "Sign in again"
	TryAgain    = "Try again"

	SignOut      = "Sign out"
	StaySignedIn = "Stay signed in"
	Continue     = "Continue"
	Cancel       = "Cancel"
)

// Words about an error of any code in one situation.
var (
	// NotKept: the account is linked, but the session could not be saved.
	NotKept = Wording{
		Title: "The account is connected",
		Text:  "But this site couldn't update your session. If something is missing, sign out and in again.",
	}
	// Choose: several providers, and no login page of the application.
	Choose = Wording{Title: "Sign in", Text: "Choose how you want to sign in."}
	// NotSignedOut: the session could not be ended.
	NotSignedOut = Wording{
		Title: "You may still be signed in",
		Text:  "The problem is on our side. Please try again in a moment.",
	}
)
