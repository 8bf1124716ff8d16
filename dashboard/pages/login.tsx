/** The door: a token for the page. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import type { ApiError } from '../api/api-error.js';
import { logIn, session } from '../api/session.js';
import { usePageTitle } from '../components/page-title.js';
import { asApiError } from '../api/api-error.js';

export function LoginPage(): JSX.Element {
  usePageTitle('Log in');
  const token = useSignal('');
  const isBusy = useSignal(false);
  const failure = useSignal<ApiError | null>(session.value.state === 'out' ? session.value.problem : null);
  const submit = async (): Promise<void> => {
    isBusy.value = true;
    failure.value = null;
    try {
      await logIn(token.value.trim());
    } catch (error) {
      failure.value = asApiError(error);
    } finally {
      isBusy.value = false;
    }
  };
  return (
    <div class="narrow">
      <h1>Log in</h1>
      <form
        class="panel"
        onSubmit={(event) => {
          event.preventDefault();
          if (token.value.trim() !== '') void submit();
        }}
      >
        <div class="dialog-body">
          <div class="field">
            <label for="token">Token</label>
            <input id="token" type="password" autocomplete="current-password" value={token.value} onInput={(event) => (token.value = event.currentTarget.value)} aria-describedby="token-hint" required />
            <span class="hint" id="token-hint">
              <code>trawl token create --role viewer</code> makes one. On the machine of the coordinator, <code>trawl dashboard</code> prints a link that needs none.
            </span>
          </div>
          {failure.value !== null && (
            <p class="mistakes" role="alert">
              {failure.value.message}
            </p>
          )}
        </div>
        <div class="dialog-foot">
          <button type="submit" class="primary" disabled={isBusy.value}>
            Log in
          </button>
        </div>
      </form>
    </div>
  );
}
