// Signing in: a name, a password, one button; what went wrong stands above it.

import { useEffect, useState } from "preact/hooks";
import { Problem } from "../model/api.js";
import { signIn } from "../model/session.js";
import { text } from "../text/index.js";
import { Icon, Mark } from "../ui/icons.jsx";

export function SignInPage() {
  const [user, setUser] = useState("");
  const [password, setPassword] = useState("");
  const [shown, setShown] = useState(false);
  const [busy, setBusy] = useState(false);
  const [words, setWords] = useState("");
  const [waitS, setWaitS] = useState(0);

  useEffect(() => {
    document.title = `${text.signIn.title} · ${text.product}`;
  }, []);
  useEffect(() => {
    if (waitS <= 0) return undefined;
    const timer = setTimeout(() => setWaitS(waitS - 1), 1000);
    return () => clearTimeout(timer);
  }, [waitS]);

  /** @param {Event} event */
  const submit = async (event) => {
    event.preventDefault();
    if (busy || waitS > 0) return;
    setBusy(true);
    setWords("");
    try {
      await signIn(user, password);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.code === "throttled") setWaitS(Number(error.more.waitS));
      else setWords(error.status === 0 ? text.signIn.unreachable : error.message);
    } finally {
      setBusy(false);
    }
  };
  const problem = waitS > 0 ? text.signIn.throttled(waitS) : words;
  return (
    <main class="sign-in">
      <section class="sign-in-side" aria-hidden="true">
        <div class="sign-in-brand">
          <Mark size={36} />
          <b>{text.product}</b>
        </div>
        <div>
          <p class="sign-in-lead">{text.signIn.lead}</p>
          <ul>
            {text.signIn.features.map(([title, words]) => (
              <li key={title}>
                <Icon name="check" size={18} />
                <span>
                  <b>{title}</b>
                  {words}
                </span>
              </li>
            ))}
          </ul>
        </div>
        <Hierarchy />
      </section>
      <form class="sign-in-form" onSubmit={submit}>
        <Mark size={40} />
        <h1>{text.signIn.title}</h1>
        {problem && (
          <p class="notice notice-bad" role="alert">
            <Icon name="warning" />
            {problem}
          </p>
        )}
        <label class="field">
          <span>{text.signIn.user}</span>
          <input
            name="username"
            autocomplete="username"
            autocapitalize="none"
            spellcheck={false}
            required
            autofocus
            value={user}
            onInput={(event) => setUser(event.currentTarget.value)}
          />
        </label>
        <label class="field">
          <span>{text.signIn.password}</span>
          <span class="field-with">
            <input
              name="password"
              {...(shown ? { type: "text" } : { type: "password" })}
              autocomplete="current-password"
              required
              value={password}
              onInput={(event) => setPassword(event.currentTarget.value)}
            />
            <button type="button" class="field-button" onClick={() => setShown(!shown)}>
              {shown ? text.signIn.hide : text.signIn.show}
            </button>
          </span>
        </label>
        <button type="submit" class="button primary large" disabled={busy || waitS > 0}>
          {busy ? text.signIn.busy : text.signIn.submit}
        </button>
        <p class="muted small">{text.signIn.forgotten}</p>
      </form>
    </main>
  );
}

/** Enterprise, site, area, line, unit: the picture behind the product. */
function Hierarchy() {
  const rows = [
    [1, 210],
    [2, 100],
    [4, 45],
    [8, 17.5],
  ];
  return (
    <svg class="sign-in-art" viewBox="0 0 420 180">
      {rows.map(([count = 1, width = 10], row) =>
        Array.from({ length: count }, (_, index) => {
          const gap = 420 / count;
          return <rect key={`${row}-${index}`} x={index * gap + (gap - width * 1.6) / 2} y={row * 46} width={width * 1.6} height="30" rx="6" />;
        }),
      )}
    </svg>
  );
}
