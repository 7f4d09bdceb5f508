import { useEffect, useState } from 'preact/hooks';
import { ApiProblem, api } from '../api/client';
import { goTo } from '../route';
import { me } from '../session';

/** Signs in by the code of a sign-in link, at once, or by a token that is typed. */
export function SignInPage({ code }: { code: string | undefined }) {
  const [problem, setProblem] = useState<string>();
  const [token, setToken] = useState('');

  const signIn = async (credential: { code: string } | { token: string }) => {
    try {
      me.value = await api.signIn(credential);
      goTo('/');
    } catch (error) {
      setProblem(error instanceof ApiProblem ? error.message : 'The service does not answer. Is it running?');
    }
  };

  useEffect(() => {
    if (code) void signIn({ code });
  }, [code]);

  const submit = (event: Event) => {
    event.preventDefault();
    void signIn({ token: token.trim() });
  };

  return (
    <main class="sign-in">
      <img src="/anchor.svg" alt="" width="56" height="56" />
      <h1>Seatrial</h1>
      <p>Learn Kubernetes on a cluster of your own.</p>
      {code && !problem ? (
        <p role="status">Signing you in…</p>
      ) : (
        <form onSubmit={submit}>
          <label for="token">Access token</label>
          <input
            id="token"
            type="password"
            autocomplete="current-password"
            value={token}
            onInput={(event) => setToken(event.currentTarget.value)}
            required
          />
          <button type="submit" class="primary">
            Sign in
          </button>
          <p class="hint">Or open the sign-in link that you were given; it works once.</p>
        </form>
      )}
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
    </main>
  );
}
