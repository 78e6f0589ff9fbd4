// Sign-in for pages of this origin: docs/spa.md. Types: client.d.ts.
const at = (path) => new URL(path, import.meta.url);
const done = at("signed-in").pathname; // where a popup ends
const tabs = new BroadcastChannel("sallyport " + done);
const changes = new Set(), popups = new Set(), endings = new Map();
let known, ends, timer, warned;

const key = (s) => s?.user && JSON.stringify([s.user.tenant, s.user.iss, s.user.sub]);
const leave = (url) => (location.assign(url), new Promise(() => {}));
const path = (to) => {
  const u = new URL(to ?? location, location);
  return u.origin === location.origin ? u.pathname + u.search + u.hash : u.href;
};

async function call(route, method, body) {
  const headers = { Accept: "application/json" };
  const res = await fetch(at(route), { method, headers, body });
  if (res.status === 401) return { user: null };
  if (!res.ok) throw new Error(`${route}: status ${res.status}`);
  return res.json();
}

async function ask(method) {
  const s = await call("session", method);
  if (s.revalidate && !method) return ask("POST");
  const before = known, end = Date.now() + s.idle_in * 1000;
  const changed = key(before) !== key(s);
  known = s;
  if (changed || end > ends + 2000) tabs.postMessage({ user: key(s), end });
  ends = end;
  if (before && changed) {
    if (before.user) for (const f of endings.keys()) f(0);
    for (const f of changes) f(s);
  }
  watch();
  return s;
}

function watch() {
  clearTimeout(timer);
  if (!known?.user || !endings.size) return;
  const left = Math.round((ends - Date.now()) / 1000);
  const first = Math.max(...endings.values());
  for (const [f, before] of endings) {
    if (left > 0 && left <= before) f(left);
    else if (warned && left > before) f(null);
  }
  warned = left <= first;
  // Activity elsewhere may have moved the end: ask before and after the countdown.
  if (left > first) timer = setTimeout(check, Math.min(left - first, 1e6) * 1000);
  else timer = setTimeout(left > 0 ? watch : check, 1000);
}

function check() {
  clearTimeout(timer);
  ask().catch(() => (timer = setTimeout(check, 5000)));
}

tabs.onmessage = ({ data }) => {
  if (data.popup || data.user !== key(known)) {
    ask().then((s) => data.popup && popups.forEach((f) => f(s)), () => {});
  } else if (data.end > ends) {
    ends = data.end;
    watch();
  }
};
document.addEventListener("visibilitychange", () => {
  if (known && !document.hidden) check();
});
if (location.pathname === done) {
  tabs.postMessage({ popup: true });
  close();
}

function go(url, { returnTo, popup } = {}) {
  const to = (address) => (url.searchParams.set("return_to", address), url.href);
  if (!popup || !open(to(done), "sallyport", "popup,width=500,height=700"))
    return leave(to(path(returnTo)));
  return new Promise((resolve) => {
    const f = (s) => s.user && popups.delete(f) && resolve(s);
    popups.add(f);
  });
}

export const session = () => ask();
export const extend = () => ask("POST");
export const login = (o) => go(at(o?.provider ? "login/" + encodeURIComponent(o.provider) : "login"), o);

export async function logout({ returnTo } = {}) {
  const form = new URLSearchParams(returnTo && { return_to: path(returnTo) });
  const { logout_url } = await call("logout", "POST", form);
  tabs.postMessage({});
  return leave(logout_url);
}

async function guarded(input, init, { popup } = {}) {
  const req = new Request(input, init), again = req.clone();
  const res = await fetch(req), own = location.origin;
  if (!res.url.startsWith(own + "/")) return res;
  if (!res.headers.get("Content-Type")?.endsWith("problem+json")) return res;
  const to = (await res.clone().json().catch(() => 0))?.login_url;
  const url = to && new URL(to, own);
  if (url?.origin !== own) return res;
  await go(url, { popup });
  return fetch(again);
}
export { guarded as fetch };

export function onChange(f) {
  changes.add(f);
  return () => changes.delete(f);
}

export function onEnd(f, { before = 120 } = {}) {
  endings.set(f, before);
  known ? watch() : check();
  return () => endings.delete(f);
}
