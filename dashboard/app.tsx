/** The shell: what stands around every page, and which page stands in it. */
import { useSignal } from '@preact/signals';
import type { ComponentType, JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { isLoggedOut } from './api/client.js';
import { connection, followEvents } from './api/live.js';
import { beginSession, logOut, session } from './api/session.js';
import { Boundary } from './components/boundary.js';
import { Empty, Failed, Loading } from './components/panel.js';
import { usePageTitle } from './components/page-title.js';
import { LoginPage } from './pages/login.js';
import type { PageProps } from './pages/page.js';
import { PLACES, routeOf } from './pages/routes.js';
import { place } from './state/location.js';
import { asApiError, type ApiError } from './api/api-error.js';
import { chooseTheme, theme } from './state/theme.js';
import { perform, trouble } from './state/trouble.js';
import { clock } from './text/format.js';

export function App(): JSX.Element {
  useEffect(() => void beginSession(), []);
  const isIn = session.value.state === 'in' && !isLoggedOut.value;
  useEffect(() => (isIn ? followEvents() : undefined), [isIn]);
  return (
    <>
      <a class="skip" href="#main">
        Skip to the page
      </a>
      <Bar isIn={isIn} />
      {isIn && <StaleBanner />}
      <TroubleBanner />
      <main id="main" class="page" tabIndex={-1}>
        {session.value.state === 'unknown' ? <Waiting problem={session.value.problem} /> : isIn ? <CurrentPage /> : <LoginPage />}
      </main>
    </>
  );
}

/** Until it is known who looks on. */
function Waiting({ problem }: { readonly problem: ApiError | null }): JSX.Element {
  return (
    <>
      <Loading what="the page" />
      {problem !== null && <Failed error={problem} />}
    </>
  );
}

function Bar({ isIn }: { readonly isIn: boolean }): JSX.Element {
  const other = theme.value === 'dark' ? 'light' : 'dark';
  return (
    <header class="bar">
      <a class="brand" href="/">
        <img src="/icon.svg" alt="" width="24" height="24" />
        trawl
      </a>
      <nav class="places" aria-label="Pages">
        {isIn &&
          PLACES.map(({ href, label, isHere }) => (
            <a key={href} href={href} {...(isHere(place.value.path) ? { 'aria-current': 'page' as const } : {})}>
              {label}
            </a>
          ))}
      </nav>
      <div class="bar-end">
        {isIn && <ConnectionState />}
        <button type="button" class="plain" onClick={() => chooseTheme(other)} title={`Use the ${other} theme`} aria-label={`Use the ${other} theme`}>
          <span aria-hidden="true">{other === 'dark' ? '☾' : '☀'}</span>
        </button>
        {/* Where logging out was not kept the login page may be there already, and it is to be done again. */}
        {(isIn || trouble.value?.error.code === 'SignOutNotKept') && <Viewer />}
      </div>
    </header>
  );
}

function Viewer(): JSX.Element | null {
  const current = session.value;
  if (current.state !== 'in') return null;
  const { actor, role } = current.me;
  return (
    <>
      <span class="viewer small muted" title={`${actor}, ${role}`}>
        {actor}
      </span>
      <button type="button" class="plain" onClick={() => perform('Logging out', logOut)}>
        Log out
      </button>
    </>
  );
}

function ConnectionState(): JSX.Element {
  const { state } = connection.value;
  return (
    <span class="connection" data-state={state} role="status">
      {state === 'live' ? 'live' : state === 'stale' ? 'not connected' : 'connecting'}
    </span>
  );
}

function StaleBanner(): JSX.Element | null {
  const current = connection.value;
  if (current.state !== 'stale') return null;
  return (
    <div class="banner" role="alert">
      The coordinator does not answer; what is shown is stale since {clock(current.since)}. The page tries again by itself.
    </div>
  );
}

function TroubleBanner(): JSX.Element | null {
  const current = trouble.value;
  if (current === null) return null;
  return (
    <div class="banner" role="alert">
      {current.what} failed: {current.error.message}{' '}
      <button type="button" class="plain" onClick={() => (trouble.value = null)}>
        Dismiss
      </button>
    </div>
  );
}

/** The page of the address, once its chunk is there. */
function CurrentPage(): JSX.Element {
  const { path } = place.value;
  const found = routeOf(path);
  const shown = useSignal<{ readonly pattern: string; readonly Page: ComponentType<PageProps> } | null>(null);
  const failure = useSignal<unknown>(null);
  const pattern = found?.route.pattern ?? null;
  const isFirst = useRef(true);
  useEffect(() => {
    if (found === null) return undefined;
    failure.value = null;
    // A chunk may come after the viewer has gone on.
    let isCurrent = true;
    found.route.load().then(
      (Page) => {
        if (isCurrent) shown.value = { pattern: found.route.pattern, Page };
      },
      (error: unknown) => {
        if (isCurrent) failure.value = error;
      },
    );
    return () => {
      isCurrent = false;
    };
  }, [pattern]);
  useEffect(() => {
    // Who follows a link by keyboard or screen reader goes on from the top of the page.
    if (!isFirst.current) document.getElementById('main')?.focus({ preventScroll: true });
    isFirst.current = false;
  }, [path]);
  if (found === null) return <NoSuchPage path={path} />;
  if (failure.value !== null) return <Failed error={asApiError(failure.value)} retry={() => window.location.reload()} />;
  if (shown.value === null || shown.value.pattern !== pattern) return <Loading what="the page" />;
  const { Page } = shown.value;
  return (
    <Boundary key={path}>
      <Page params={found.params} />
    </Boundary>
  );
}

function NoSuchPage({ path }: { readonly path: string }): JSX.Element {
  usePageTitle('No such page');
  return (
    <Empty>
      <h1>No such page</h1>
      <p>There is nothing at {path.slice(0, 200)}.</p>
      <a href="/">All sweeps</a>
    </Empty>
  );
}
