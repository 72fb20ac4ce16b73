/** Who gets which answer where no single repository is asked for: the catalog, the version check, what is malformed. */
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Answered, Client } from "./matrix-client.ts";
import { badCredentials, basic, goodCredentials } from "./matrix-credentials.ts";
import { type MatrixRegistry, openMatrix } from "./matrix-registry.ts";
import {
  ACTORS,
  asksOf,
  type Credential,
  NAMESPACES,
  PASSWORD_OF,
  UNAUTHORIZED,
} from "./matrix-table.ts";
import { EXISTING, IMAGE, Owner, putManifest } from "./matrix-world.ts";

const resources = new AsyncDisposableStack();
let matrix: MatrixRegistry;
let good: readonly Credential[];
let bad: readonly Credential[];
const clients = new Map<Credential, Client>();

beforeAll(async () => {
  matrix = await openMatrix(resources);
  const owner = new Owner(matrix.client());
  await owner.fill();
  for (const namespace of NAMESPACES) {
    for (const name of ["a", "z"]) {
      await owner.make(putManifest(`${namespace}/${name}/manifests/v1`, IMAGE));
    }
  }
  good = await goodCredentials(matrix);
  bad = await badCredentials(matrix);
});
afterAll(async () => resources.disposeAsync());

function clientOf(credential: Credential): Client {
  const { actor } = credential;
  const known = clients.get(credential);
  const isShown = actor !== undefined && ACTORS[actor].kind === "certificate";
  const client = known ?? matrix.client(isShown);
  clients.set(credential, client);
  return client;
}

async function ask(credential: Credential, method: string, target: string): Promise<Answered> {
  return await clientOf(credential).ask(credential.authorization, { method, target });
}

/** Each credential with what it is answered. */
async function outcomes(
  method: string,
  target: string,
  credentials: readonly Credential[] = [...good, ...bad],
): Promise<readonly (readonly [credential: Credential, line: string])[]> {
  const all = credentials.map(async (credential) => {
    const answered = await ask(credential, method, target);
    return [credential, answered.outcome] as const;
  });
  return await Promise.all(all);
}

/** @returns a line for each answer that is not as it should be. */
async function wrong(
  method: string,
  target: string,
  expected: (credential: Credential) => string,
): Promise<readonly string[]> {
  return (await outcomes(method, target)).flatMap(([credential, observed]) => {
    const wanted = method === "HEAD" ? expected(credential).slice(0, 3) : expected(credential);
    if (observed === wanted) return [];
    return [`${credential.title}: ${method} ${target}: ${observed}, not ${wanted}`];
  });
}

const isBad = ({ actor }: Credential): boolean => actor === undefined;
const isKnown = ({ actor }: Credential): boolean => actor !== undefined && actor !== "anonymous";
const readable = (credential: Credential): readonly string[] =>
  NAMESPACES.filter((namespace) => asksOf(credential, namespace)("pull"))
    .flatMap((namespace) => [EXISTING, "a", "z"].map((name) => `${namespace}/${name}`))
    .toSorted();

it.each(["GET", "HEAD"])("the version check by %s is for those who are known", async (method) => {
  const expected = (credential: Credential): string => (isKnown(credential) ? "200" : UNAUTHORIZED);
  expect(await wrong(method, "/v2/", expected)).toEqual([]);
  expect(await wrong(method, "/v2", expected)).toEqual([]);
});

it("what is no good is refused also where nobody has to say who they are", async () => {
  const expected = (credential: Credential): string => (isBad(credential) ? UNAUTHORIZED : "200");
  expect(await wrong("GET", "/", expected)).toEqual([]);
  for (const target of [
    "/v2/",
    "/v2/_catalog",
    "/v2/secret/image/tags/list",
    "/v2/secret/image/manifests/v1",
    "/v2/secret/none/blobs/uploads/",
  ]) {
    expect(await wrong("OPTIONS", target, expected)).toEqual([]);
  }
});

it("a refusal tells whom to ask, and whether what was shown is no good", async () => {
  const target = "/v2/secret/image/tags/list";
  for (const credential of [...good, ...bad]) {
    const answered = await ask(credential, "GET", target);
    const { authorization, title } = credential;
    const challenge = answered.header("www-authenticate");
    const isToken = authorization !== undefined && /^bearer/i.test(authorization);
    const anonymousError = isToken ? "insufficient_scope" : "";
    const error = isBad(credential) ? (isToken ? "invalid_token" : "") : anonymousError;
    const expected =
      answered.status === 401
        ? `Bearer realm="${matrix.registry.origin.origin}/auth/token",service="barge",` +
          `scope="repository:secret/image:pull"${error === "" ? "" : `,error="${error}"`}`
        : "";
    expect(`${title}: ${challenge}`).toBe(`${title}: ${expected}`);
  }
});

it("the catalog is what one may pull, whole and by pages", async () => {
  for (const credential of good) {
    const { title } = credential;
    const whole = await ask(credential, "GET", "/v2/_catalog");
    const names = readable(credential);
    expect({ title, repositories: repositoriesOf(whole) }).toEqual({ title, repositories: names });
    for (const n of [1, 2, names.length, names.length + 1]) {
      const pages = await pagesOf(credential, n);
      expect({ title, n, pages }).toEqual({ title, n, pages: inPages(names, n) });
    }
  }
});

it("the catalog is not for what is no good", async () => {
  expect(await wrong("GET", "/v2/_catalog", (one) => (isBad(one) ? UNAUTHORIZED : "200"))).toEqual(
    [],
  );
});

function repositoriesOf({ body }: Answered): readonly string[] {
  return (JSON.parse(body) as { repositories: string[] }).repositories;
}

/** The repositories of each page, by the links from one to the next. */
async function pagesOf(credential: Credential, n: number): Promise<readonly (readonly string[])[]> {
  const pages: (readonly string[])[] = [];
  let target: string | undefined = `/v2/_catalog?n=${n}`;
  while (target !== undefined) {
    const answered: Answered = await ask(credential, "GET", target);
    pages.push(repositoriesOf(answered));
    target = /^<(.+)>; rel="next"$/.exec(answered.header("link"))?.[1];
  }
  return pages;
}

/** Full ones, and no empty one at the end. */
function inPages(names: readonly string[], n: number): readonly (readonly string[])[] {
  const count = Math.ceil(names.length / n);
  return Array.from({ length: count }, (_, index) => names.slice(n * index, n * (index + 1)));
}

it.each([
  ["POST", "manifests/v1"],
  ["PATCH", "manifests/v1"],
  ["PUT", "tags/list"],
  ["DELETE", "tags/list"],
  ["POST", "referrers/sha256:0"],
  ["PUT", "blobs/uploads/"],
  ["GET", "blobs/uploads/"],
  ["GET", "nothing"],
  ["GET", "manifests/-v1"],
  ["GET", "manifests/sha256:0"],
  ["PUT", "blobs/sha256:zz"],
  ["GET", "%2e%2e/secret/tags/list"],
])("what is malformed is so for everybody and everywhere: %s %s", async (method, path) => {
  const answers = await Promise.all(
    ["secret/image", "secret/x-y-z", "myteam/image"].flatMap((repository) =>
      [...good, ...bad].map(async (credential) => {
        const answered = await ask(credential, method, `/v2/${repository}/${path}`);
        return answered.like(repository);
      }),
    ),
  );
  expect([...new Set(answers)]).toHaveLength(1);
  expect(answers[0]).toMatch(/^40[045]\n/);
});

it("a header of credentials counts, and not the certificate beside it", async () => {
  const client = matrix.client(true);
  const target = "/v2/myteam/image/tags/list";
  const statusOf = async (authorization: string): Promise<number> =>
    (await client.ask(authorization, { method: "GET", target })).status;
  expect(await statusOf(basic("puller", PASSWORD_OF("puller")))).toBe(200);
  expect(await statusOf(basic("tenant", PASSWORD_OF("tenant")))).toBe(404);
  expect(await statusOf(basic("tenant", "wrong"))).toBe(401);
});
