/** Every place of a request in which a client may put a secret, on purpose or by mistake. */
import type { RequestParts } from "../conformance/client.ts";
import type { Canaries } from "./canaries.ts";
import { basic } from "./matrix-credentials.ts";

export interface CanaryRequest {
  readonly method: string;
  readonly target: string;
  readonly parts: RequestParts;
}

/** Secrets that are right. */
export interface RightSecrets {
  /** Header values, by what they are. */
  readonly headers: Readonly<Record<string, string>>;
}

const UUID = "3f8d2a51-0c4e-8b7a-9d10-5e6f70819203";
const INDEX = "application/vnd.oci.image.index.v1+json";
const MANIFEST = "/v2/team/app/manifests/v1";

const TARGETS = [
  ["GET", "/v2/"],
  ["GET", MANIFEST],
  ["GET", "/v2/team/none/tags/list"],
  ["PUT", "/v2/team/app/manifests/v2"],
  ["DELETE", "/v2/team/app/manifests/none"],
  ["POST", "/v2/team/app/blobs/uploads/"],
  ["PATCH", `/v2/team/app/blobs/uploads/${UUID}`],
  ["GET", "/v2/_catalog"],
  ["GET", "/auth/token"],
  ["GET", "/api/v1/auth/whoami"],
  ["GET", "/nothing"],
] as const;

const PARAMETERS = [
  "access_token",
  "_state",
  "token",
  "refresh_token",
  "id_token",
  "client_secret",
  "password",
  "X-Amz-Signature",
  "X-Amz-Security-Token",
  "sig",
  "%5Fstate",
];

/** Each request goes out once. */
export function canaryRequests(
  canaries: Canaries,
  { headers: right }: RightSecrets,
): readonly CanaryRequest[] {
  return [
    ...Object.values(right).flatMap((authorization) =>
      TARGETS.map(([method, target]) => plain(method, target, { authorization })),
    ),
    ...headersWith(canaries, wrongCredentials),
    ...headersWith(canaries, mentions),
    ...headersWith(canaries, mentions, right["password"]),
    ...inQueries(canaries, right["password"] ?? ""),
    ...inForms(canaries),
    ...inBodies(canaries, right["password"] ?? ""),
  ];
}

function plain(method: string, target: string, headers: Record<string, string>): CanaryRequest {
  return { method, target, parts: { headers } };
}

/** By what they are, headers with a secret of that label in them. */
type HeadersByTitle = Readonly<Record<string, (secret: string) => Record<string, string>>>;

const wrongCredentials: HeadersByTitle = {
  "a wrong password": (secret) => ({ authorization: basic("alice", secret) }),
  "a password of nobody": (secret) => ({ authorization: basic("nobody", secret) }),
  "a wrong secret": (secret) => ({ authorization: basic("robot+build", secret) }),
  "a job's token": (secret) => ({ authorization: basic("oidc", tokenOf(secret)) }),
  "a token": (secret) => ({ authorization: `Bearer ${tokenOf(secret)}` }),
  "a token that is none": (secret) => ({ authorization: `Bearer ${secret}` }),
  "another scheme": (secret) => ({ authorization: `Digest ${secret}` }),
  "no scheme": (secret) => ({ authorization: secret }),
  "a robot's secret for a name": (secret) => ({
    authorization: basic(`brg_${secret}`, ""),
  }),
  "a token for a name": (secret) => ({
    authorization: basic(tokenOf(secret), "x-oauth-basic"),
  }),
  "a URL for a name": (secret) => ({
    authorization: `Basic ${btoa(`https://alice:${secret}@registry.example`)}`,
  }),
  "no colon": (secret) => ({ authorization: `Basic ${btoa(secret)}` }),
  "no base64": (secret) => ({ authorization: `Basic ?${secret}?` }),
};

const mentions: HeadersByTitle = {
  "a cookie": (secret) => ({ cookie: `session=${secret}` }),
  "a proxy's credentials": (secret) => ({
    "proxy-authorization": `Basic ${secret}`,
  }),
  "docker's header": (secret) => ({ "x-registry-auth": secret }),
  "a referer's user": (secret) => ({
    referer: `https://alice:${secret}@host/?a=b`,
  }),
  "a referer's query": (secret) => ({
    referer: `https://host/?access_token=${secret}`,
  }),
  "a user agent's token": (secret) => ({
    "user-agent": `curl/8 (Authorization: Bearer ${secret})`,
  }),
  "a user agent's parameter": (secret) => ({
    "user-agent": `ci/1 token=${secret}`,
  }),
  "a user agent's URL": (secret) => ({
    "user-agent": `ci/1 (+https://bot:${secret}@host/)`,
  }),
  "a content type": (secret) => ({
    "content-type": `application/json; password=${secret}`,
  }),
  "an origin": (secret) => ({ origin: `https://alice:${secret}@host` }),
};

/** @param authorization goes with them; without it nobody says who they are. */
function headersWith(
  canaries: Canaries,
  made: HeadersByTitle,
  authorization?: string,
): readonly CanaryRequest[] {
  const who = authorization === undefined ? "" : " of alice";
  return Object.entries(made).flatMap(([title, headersOf]) =>
    TARGETS.map(([method, target]) =>
      plain(method, target, {
        ...headersOf(canaries.mint(`${title}${who} at ${target}`)),
        ...(authorization !== undefined && { authorization }),
      }),
    ),
  );
}

/** Of the shape of a token, so that it is seen what it is; its signature is the secret. */
function tokenOf(secret: string): string {
  return [
    { alg: "ES256", kid: "k", typ: "JWT" },
    { iss: "barge", sub: "alice" },
  ]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .concat(secret)
    .join(".");
}

function inQueries(canaries: Canaries, authorization: string): readonly CanaryRequest[] {
  return PARAMETERS.flatMap((parameter) =>
    TARGETS.flatMap(([method, target]) => {
      const value = (who: string): string =>
        `${parameter}=${canaries.mint(`?${parameter}= of ${who} at ${target}`)}`;
      return [
        plain(method, `${target}?${value("the anonymous")}`, {}),
        plain(method, `${target}?a=b&${value("alice")}`, { authorization }),
      ];
    }),
  ).concat([
    plain("GET", `http://alice:${canaries.mint("an absolute target")}@host/v2/`, {}),
    plain("GET", `//alice:${canaries.mint("a target with a host")}@host/v2/`, {}),
  ]);
}

function inForms(canaries: Canaries): readonly CanaryRequest[] {
  const secret = (label: string): string => canaries.mint(`the form ${label}`);
  const forms: readonly Readonly<Record<string, string>>[] = [
    { grant_type: "password", username: "alice", password: secret("password") },
    { grant_type: "password", username: `brg_${secret("name")}`, password: secret("beside it") },
    { grant_type: "refresh_token", refresh_token: secret("refresh_token") },
    { grant_type: "refresh_token", refresh_token: tokenOf(secret("refresh token")) },
    { grant_type: `token=${secret("grant_type")}` },
    {
      grant_type: "password",
      username: "alice",
      password: secret("with client_secret"),
      client_secret: secret("client_secret"),
    },
    {
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
      subject_token: tokenOf(secret("subject_token")),
    },
  ];
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  return forms.flatMap((form) => {
    const body = Buffer.from(new URLSearchParams(form).toString());
    return ["/auth/token", "/v2/", "/v2/team/app/blobs/uploads/"].map((target) => ({
      method: "POST",
      target,
      parts: { headers, body },
    }));
  });
}

function inBodies(canaries: Canaries, authorization: string): readonly CanaryRequest[] {
  const headers = { authorization, "content-type": INDEX };
  const secret = (label: string): string => canaries.mint(`a body, ${label}`);
  const bodies = [
    `{"password": "${secret("whole")}"}`,
    `{"password": "${secret("cut off")}`,
    `{"schemaVersion": 2, "mediaType": "${INDEX}", "manifests": [{"digest": "${secret("a digest")}"}]}`,
    secret("no JSON"),
  ];
  return bodies.flatMap((text) => {
    const parts = { headers, body: Buffer.from(text) };
    return [
      { method: "PUT", target: "/v2/team/app/manifests/bad", parts },
      {
        method: "POST",
        target: "/api/v1/robots",
        parts: { ...parts, headers: { ...headers, "content-type": "application/json" } },
      },
    ];
  });
}
