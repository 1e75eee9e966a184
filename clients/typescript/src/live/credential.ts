/** What a connection says about who it is. */

/**
 * A token, or a function that gives the present one at each attempt and before it expires. `refused` is the token that the
 * server has just refused, if it has: a function that gives the same one again ends the attempts. Without a token the session
 * cookie counts.
 */
export type LiveToken = Token | ((refused?: string) => Token | Promise<Token>);
type Token = string | null | undefined;

export interface CredentialOptions {
  token?: LiveToken;
  /** A device's key instead. */
  key?: string | undefined;
  /** The public link of a delivery instead: its `tracking_id`. */
  link?: string | undefined;
  /** For a superadmin: the tenant to follow. */
  tenant?: string | undefined;
}

/** The fields of `hello`. */
export interface Hello {
  token?: string;
  key?: string;
  link?: string;
  tenant?: string;
}

export class Credential {
  constructor(private readonly options: CredentialOptions) {}

  /** Whether there may be another one later. */
  get isRenewable(): boolean {
    return typeof this.options.token === 'function';
  }

  async hello(refused?: string): Promise<Hello> {
    const { key, link, tenant } = this.options;
    const token = await this.token(refused);
    return { ...(token && { token }), ...(key && { key }), ...(link && { link }), ...(tenant && { tenant }) };
  }

  async token(refused?: string): Promise<Token> {
    const { token } = this.options;
    return typeof token === 'function' ? token(refused) : token;
  }
}
