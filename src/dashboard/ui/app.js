/** The frame around the pages: who is signed in, where one can go, and which page the address names. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import { createApi } from './api.js';
import { html } from './html.js';
import { createLive } from './live.js';
import { PAGES, pageOf } from './pages.js';
import { Problem, sayFailed, Toasts } from './parts/notice.js';
import { Link, usePlace } from './router.js';
import { currentSession, may, signIn, signOut } from './session.js';
import { SharedContext } from './shared.js';
import { SignIn } from './sign-in.js';
import { useRenewedSession } from './use-renewed.js';

/** @typedef {import('./session.js').Session} Session */
/** A link that signs in once carries its proof behind the #, which no server or log sees. @returns {string | null} */
function takeLink() {
  const link = new URLSearchParams(location.hash.slice(1)).get('link');
  if (link !== null) history.replaceState(null, '', location.pathname + location.search);
  return link;
}

export function App() {
  const [session, setSession] = useState(/** @type {Session | null | undefined} */ (undefined));
  const [error, setError] = useState(/** @type {unknown} */ (null));
  useEffect(() => {
    const link = takeLink();
    (link === null ? currentSession() : signIn({ link })).then(setSession, (reason) => {
      setError(reason);
      setSession(null);
    });
  }, []);
  if (session === undefined) return null;
  if (session === null) return html`<${SignIn} error=${error} onSession=${setSession} />`;
  return html`<${Frame} session=${session} onEnded=${() => setSession(null)} />`;
}

/** @param {{ session: Session, onEnded: () => void }} props */
function Frame({ session, onEnded }) {
  const shared = useMemo(() => {
    const api = createApi({ csrf: session.csrf, onEnded });
    return { session, api, live: createLive(api) };
  }, [session]);
  useEffect(() => shared.live.close, [shared]);
  useRenewedSession(onEnded);
  const leave = () => signOut(session).then(onEnded, sayFailed);
  return html`<${SharedContext.Provider} value=${shared}>
    <div class="frame">
      <header class="side">
        <${Link} to="/" class="brand"><${Mark} />Bide<//>
        <${Navigation} session=${session} />
        <div class="side-foot">
          <p class="small quiet who truncate" title=${`Tenant ${session.tenant}, key ${session.keyName}`}>${session.tenant} · ${session.keyName}</p>
          <button type="button" class="small" onClick=${leave}>Sign out</button>
        </div>
      </header>
      <main class="main"><${Page} /></main>
    </div>
    <${Toasts} />
  <//>`;
}

const Mark = () =>
  html`<svg viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="9" /><path d="M12 7v5l3.5 2" /></svg>`;

/** @param {{ session: Session }} props */
function Navigation({ session }) {
  const { path } = usePlace();
  const shown = PAGES.filter(({ title, scope }) => title !== null && (scope === null || may(session, scope)));
  return html`<nav class="nav" aria-label="Pages">
    ${shown.map(({ path: to, title }) => {
      const isHere = to === '/' ? path === '/' : path === to || path.startsWith(`${to}/`);
      return html`<${Link} key=${to} to=${to} aria-current=${isHere ? 'page' : null}>${title}<//>`;
    })}
  </nav>`;
}

function Page() {
  const { path } = usePlace();
  const found = pageOf(path);
  useEffect(() => {
    document.title = found === null ? 'Bide' : `${found.page.title ?? found.id} – Bide`;
  }, [path]);
  if (found === null) return html`<${Problem} error=${new Error(`There is no page at ${path}.`)} />`;
  return html`<${found.page.view} key=${path} id=${found.id} />`;
}
