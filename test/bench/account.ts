/** Who a client of the bench is, where a system wants to know. */
export interface Account {
  readonly name: string;
  readonly password: string;
}

/** The headers that bring a new token; none where nobody has to say who they are. @throws {Error} when there is none. */
export async function tokenHeaders(
  origin: URL,
  account: Account | undefined,
): Promise<Readonly<Record<string, string>>> {
  if (account === undefined) return {};
  const basic = Buffer.from(`${account.name}:${account.password}`).toString("base64");
  const response = await fetch(new URL("/auth/token", origin), {
    headers: { Authorization: `Basic ${basic}` },
  });
  const { token } = (await response.json()) as { readonly token?: string };
  if (token === undefined) throw new Error(`no token: ${response.status}`);
  return { Authorization: `Bearer ${token}` };
}
