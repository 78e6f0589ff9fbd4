// The module is served by the Go server, also while Vite serves this page.
const auth = await import(/* @vite-ignore */ new URL("/auth/client.js", location.href).href);

const element = (id) => document.getElementById(id);

function show(session) {
  element("signed-out").hidden = Boolean(session.user);
  element("signed-in").hidden = !session.user;
  element("name").textContent = session.user?.name ?? "";
  element("notes").replaceChildren();
  if (session.user) loadNotes();
}

// attempt runs what a user has asked for, and says so when it fails.
async function attempt(action) {
  element("problem").hidden = true;
  try {
    await action();
  } catch (error) {
    element("problem").textContent = `That did not work: ${error.message}`;
    element("problem").hidden = false;
  }
}

async function api(path, options) {
  const response = await auth.fetch(path, options);
  if (!response.ok) throw new Error(`status ${response.status}`);
  return response;
}

const loadNotes = () =>
  attempt(async () => {
    const notes = (await (await api("/api/notes")).json()) ?? [];
    element("notes").replaceChildren(
      ...notes.map((text) => Object.assign(document.createElement("li"), { textContent: text })),
    );
  });

element("add").addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target;
  attempt(async () => {
    await api("/api/notes", { method: "POST", body: JSON.stringify(form.elements.text.value) });
    form.reset();
    await loadNotes();
  });
});
element("login").onclick = () => auth.login();
element("popup").onclick = () => auth.login({ popup: true });
element("logout").onclick = () => attempt(() => auth.logout({ returnTo: "/" }));
element("stay").onclick = () => attempt(() => auth.extend());

auth.onChange(show);
auth.onEnd((left) => {
  element("ending").hidden = !left; // null: extended, 0: ended
  element("left").textContent = left ?? "";
});
await attempt(async () => show(await auth.session()));
