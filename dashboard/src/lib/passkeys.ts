/** Asks the browser's authenticators. Bytes are base64url in the server's JSON, and buffers in the browser. */

/** What the server has an authenticator asked. */
export interface PasskeyQuestion {
  challenge: string;
  options: Record<string, unknown>;
}

interface Named {
  id: string;
}

export const hasPasskeys = () => 'PublicKeyCredential' in window;

/** Has a passkey made, and returns it as the server takes it. */
export async function makePasskey({ options }: PasskeyQuestion): Promise<unknown> {
  const user = options.user as Named;
  const publicKey = {
    ...options,
    challenge: bytes(String(options.challenge)),
    user: { ...user, id: bytes(user.id) },
    excludeCredentials: named(options.excludeCredentials),
  } as unknown as PublicKeyCredentialCreationOptions;
  const made = (await navigator.credentials.create({ publicKey })) as PublicKeyCredential;
  const { clientDataJSON, attestationObject } = made.response as AuthenticatorAttestationResponse;
  return {
    id: made.id,
    response: { clientDataJSON: text(clientDataJSON), attestationObject: text(attestationObject) },
  };
}

/** Has a passkey sign, and returns its answer as the server takes it. */
export async function askPasskey({ options }: PasskeyQuestion): Promise<unknown> {
  const publicKey = {
    ...options,
    challenge: bytes(String(options.challenge)),
    allowCredentials: named(options.allowCredentials),
  } as unknown as PublicKeyCredentialRequestOptions;
  const used = (await navigator.credentials.get({ publicKey })) as PublicKeyCredential;
  const { clientDataJSON, authenticatorData, signature } = used.response as AuthenticatorAssertionResponse;
  return {
    id: used.id,
    response: {
      clientDataJSON: text(clientDataJSON),
      authenticatorData: text(authenticatorData),
      signature: text(signature),
    },
  };
}

const named = (credentials: unknown) =>
  (credentials as Named[]).map((credential) => ({ ...credential, id: bytes(credential.id) }));

function bytes(base64url: string): Uint8Array<ArrayBuffer> {
  const binary = atob(base64url.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
}

function text(buffer: ArrayBuffer): string {
  const binary = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
