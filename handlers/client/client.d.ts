// Types of {prefix}/client.js, a module without dependencies for pages of the application's own
// origin. It needs Config.SessionEndpoint. Guide: docs/spa.md.

/** The signed-in user. Only tenant, iss and sub together identify a user. */
export interface User {
  iss: string;
  sub: string;
  tenant?: string;
  name?: string;
  preferred_username?: string;
  email?: string;
  email_verified?: boolean;
  picture?: string;
  roles?: string[];
}

/** What {prefix}/session answers. */
export interface Session {
  /** null: signed out */
  user: User | null;
  /** what Config.SessionClaims returns */
  claims?: Record<string, unknown>;
  /** seconds until the session ends in any case */
  expires_in?: number;
  /** seconds until the session ends without activity */
  idle_in?: number;
  login_url?: string;
  logout_url?: string;
  /** name of the parameter of both URLs for the return address */
  return_param?: string;
}

/**
 * Asks who is signed in. This is no activity: it does not extend the session. If the session has to
 * be re-checked with the provider (Session.Revalidate), it is, and that extends it.
 */
export function session(): Promise<Session>;

/** Extends the session by the idle limit, for a "stay signed in" button. */
export function extend(): Promise<Session>;

export interface LoginOptions {
  /** name of the provider; default: the only one, or the login page */
  provider?: string;
  /** where to return to; default: this page */
  returnTo?: string | URL;
  /**
   * Sign in in a new window. Only in the handler of a click, or browsers block it; then this page
   * leads to the login.
   */
  popup?: boolean;
}

/**
 * Signs in. Without a popup the page is left and the promise stays pending. With a popup it resolves
 * when the user has signed in; it stays pending when they close the window.
 */
export function login(options?: LoginOptions): Promise<Session>;

/** Signs out here and at the provider. The page is left; returnTo is where the user ends. */
export function logout(options?: { returnTo?: string | URL }): Promise<never>;

/**
 * Like the global fetch for guarded routes of this origin. A response that asks for a sign-in, or
 * for a more recent or stronger one, leads to the login and back to this page; with popup: true, it
 * opens a window, and the request is sent again afterwards.
 */
export function fetch(
  input: RequestInfo | URL,
  init?: RequestInit,
  options?: { popup?: boolean },
): Promise<Response>;

/**
 * Calls f after a sign-in or sign-out: by this page, another tab or the provider.
 * Returns a function that ends the subscription.
 */
export function onChange(f: (session: Session) => void): () => void;

/**
 * Calls f each second during the last seconds of the session (before; default: 120) with the number
 * of seconds left, with 0 when the session has ended, and with null when it has been extended
 * meanwhile, so that the warning can be hidden. Returns a function that ends the subscription.
 */
export function onEnd(
  f: (left: number | null) => void,
  options?: { before?: number },
): () => void;
