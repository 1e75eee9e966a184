/** Decides which close codes end a connection for good. */

/** Codes after which the same attempt would be refused again. No attempt is made until `connect()` is called. */
const REFUSALS: ReadonlyMap<number, string> = new Map([
  [1008, 'refused by the server'],
  [4001, 'the token is missing, bad or expired'],
  [4003, 'not allowed to follow this'],
  [4004, 'there is no such thing to follow'],
  [4400, 'the address of the socket is wrong'],
]);

export const NORMAL_CLOSURE = 1000;

/** `refused`: state `error`. `ended`: the server has finished, state `disconnected`. `retry`: all other codes, such as 1006, 1012, 1013 and 4000. */
export function meaningOfClose(code: number): 'refused' | 'ended' | 'retry' {
  if (REFUSALS.has(code)) return 'refused';
  return code === NORMAL_CLOSURE ? 'ended' : 'retry';
}

/** The server's reason, or a description of the code. */
export function refusalText(code: number, reason: string): string {
  return reason !== '' ? reason : (REFUSALS.get(code) ?? `closed with ${code}`);
}
