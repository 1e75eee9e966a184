// @vitest-environment happy-dom
import { fireEvent, screen } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { type Answers, ME, refusal, renderWith } from '../../testing/render';
import { SignedIn } from './SignedIn';

function show(answers: Answers): void {
  renderWith(
    answers,
    <SignedIn lead="See it move.">
      {(me, { signOut, end }) => (
        <>
          <h1>Hello {me.username}</h1>
          <button type="button" onClick={signOut}>
            Sign out
          </button>
          <button type="button" onClick={end}>
            End
          </button>
        </>
      )}
    </SignedIn>,
  );
}

async function signIn(): Promise<void> {
  fireEvent.change(await screen.findByLabelText('Username'), { target: { value: 'ada' } });
  fireEvent.change(screen.getByLabelText('Password'), { target: { value: 'open sesame' } });
  fireEvent.submit(screen.getByRole('button', { name: 'Sign in' }).closest('form')!);
}

const NO_SESSION = refusal(401, 'no session');

describe('a page for signed-in users', () => {
  it('is shown with a session', async () => {
    show({ 'GET /auth/me': ME });
    expect(await screen.findByText('Hello ada')).toBeTruthy();
  });

  it('is shown after signing in', async () => {
    const answers: Answers = { 'GET /auth/me': NO_SESSION, 'POST /auth/login': {} };
    show(answers);
    await screen.findByLabelText('Username');
    answers['GET /auth/me'] = ME;
    await signIn();
    expect(await screen.findByText('Hello ada')).toBeTruthy();
  });

  it('is shown after a code where one is due', async () => {
    const due = () => Response.json({ second_factor: ['totp'], challenge: 'mpc_1' }, { status: 202 });
    const answers: Answers = { 'GET /auth/me': NO_SESSION, 'POST /auth/login': due };
    answers['POST /auth/login/totp'] = refusal(401, 'the code is wrong');
    show(answers);
    await signIn();
    const code = await screen.findByLabelText(/authenticator app/);
    fireEvent.change(code, { target: { value: '000000' } });
    fireEvent.submit(code.closest('form')!);
    expect(await screen.findByText(/code is wrong/)).toBeTruthy();
    answers['POST /auth/login/totp'] = () => new Response(null, { status: 204 });
    answers['GET /auth/me'] = ME;
    fireEvent.submit(code.closest('form')!);
    expect(await screen.findByText('Hello ada')).toBeTruthy();
  });

  it('is shown after signing in to a server that was unreachable before', async () => {
    const answers: Answers = { 'POST /auth/login': {} };
    show(answers);
    expect(await screen.findByText(/can’t be reached/)).toBeTruthy();
    answers['GET /auth/me'] = ME;
    await signIn();
    expect(await screen.findByText('Hello ada')).toBeTruthy();
  });

  it.each([
    ['a wrong password', refusal(401, 'invalid credentials'), /^That username and password don’t match.*acme\/ann\.$/],
    ['too many attempts', refusal(429, 'slow down', { 'Retry-After': '30' }), 'Too many attempts. Try again in 30 s.'],
    ['an answer of the server', refusal(503, 'the database is away'), 'the database is away'],
  ])('announces %s and lets the reader try again', async (_, answer, text) => {
    show({ 'GET /auth/me': NO_SESSION, 'POST /auth/login': answer });
    await signIn();
    expect((await screen.findByText(text)).getAttribute('role')).toBe('alert');
    expect(screen.getByRole('button', { name: 'Sign in' }).hasAttribute('disabled')).toBe(false);
  });

  it('says that a browser without cookies can’t stay signed in', async () => {
    show({ 'GET /auth/me': NO_SESSION, 'POST /auth/login': {} });
    await signIn();
    expect(await screen.findByText(/did not keep the session cookie/)).toBeTruthy();
    expect(screen.queryByText('Hello ada')).toBeNull();
  });

  it('shows the login when the session ends, with the reason', async () => {
    const answers: Answers = { 'GET /auth/me': ME };
    show(answers);
    // What was refused for another reason ends no session.
    fireEvent.click(await screen.findByRole('button', { name: 'End' }));
    await new Promise((done) => setTimeout(done, 20));
    expect(screen.getByText('Hello ada')).toBeTruthy();
    answers['GET /auth/me'] = NO_SESSION;
    fireEvent.click(screen.getByRole('button', { name: 'End' }));
    expect((await screen.findByRole('alert')).textContent).toBe('Your session has ended. Please sign in again.');
  });

  it('shows the login after signing out, without a reason', async () => {
    show({ 'GET /auth/me': ME, 'POST /auth/logout': {} });
    fireEvent.click(await screen.findByRole('button', { name: 'Sign out' }));
    expect(screen.getByLabelText('Username')).toBeTruthy();
    expect(screen.getByRole('alert').textContent).toBe('');
  });
});
