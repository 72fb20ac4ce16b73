/**
 * The token endpoint and the public keys, over HTTP.
 *
 * Spec: https://distribution.github.io/distribution/spec/auth/token/ and .../auth/oauth/
 */
import { type Context, Hono } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { basicChallenge } from "../auth/challenge.ts";
import { AuthUnavailable, CredentialsRefused, TooManyAttempts } from "../auth/errors.ts";
import {
  parseTokenForm,
  parseTokenQuery,
  type TokenRequest,
  TokenRequestRefused,
} from "../auth/tokens/token-request.ts";
import type { TokenService } from "../auth/tokens/token-service.ts";
import { type Clock, systemClock } from "../lib/clock.ts";
import { errorText } from "../lib/error-text.ts";
import { TimeLimitExceeded, withTimeLimit } from "../lib/time-limit.ts";
import type { Logger } from "../observability/logger.ts";
import type { ErrorCode } from "../oci/error-code.ts";
import { readCapped } from "./read-input.ts";
import { BodyTooLarge } from "./errors.ts";
import type { AuditTrail } from "./audit-trail.ts";
import type { ApiEnvironment } from "./request.ts";

export interface TokenRoutesOptions {
  readonly tokens: TokenService;
  readonly log: Logger;
  /** Told of logins that fail. */
  readonly trail?: Pick<AuditTrail, "loginFailed"> | undefined;
  /** `http.prefix`: begins and ends with "/"; default "/". */
  readonly prefix?: string | undefined;
  readonly clock?: Clock | undefined;
}

type TokenContext = Context<ApiEnvironment>;

const FORM_TYPE = /^application\/x-www-form-urlencoded\s*(?:;|$)/i;
const JWKS_MAX_AGE_SECONDS = 60;
const UNAVAILABLE_RETRY_SECONDS = 5;
/** Whoever sends a form has not said yet who they are. */
const FORM_TIMEOUT_MS = 30_000;

/** `GET` and `POST /auth/token`, and `GET /.well-known/jwks.json`. */
export function tokenRoutes(options: TokenRoutesOptions): Hono<ApiEnvironment> {
  const { tokens, log, prefix = "/" } = options;
  const routes = new Hono<ApiEnvironment>();
  routes.use(async (context, next) => {
    await next();
    context.header("X-Content-Type-Options", "nosniff");
  });
  routes.get(`${prefix}auth/token`, async (context) =>
    answerWith(options, context, parseTokenQuery(new URL(context.req.url).searchParams)),
  );
  routes.post(`${prefix}auth/token`, async (context) =>
    answerWith(options, context, parseTokenForm(await readForm(context, options))),
  );
  routes.get(`${prefix}.well-known/jwks.json`, async (context) => {
    context.header("Cache-Control", `public, max-age=${JWKS_MAX_AGE_SECONDS}`);
    return context.json(await tokens.jwks());
  });
  routes.onError((error, context) => refusal(error, context, log));
  return routes;
}

async function answerWith(
  { tokens, trail }: TokenRoutesOptions,
  context: TokenContext,
  request: TokenRequest,
): Promise<Response> {
  try {
    const answer = await tokens.answer(request, context.env.shown);
    neverKept(context);
    return context.json(answer);
  } catch (error) {
    if (error instanceof CredentialsRefused) {
      const origin = { env: context.env, request: context.req.raw, caller: undefined };
      trail?.loginFailed(origin, grantedName(request));
    }
    throw error;
  }
}

/** The name that a form gives; the other ways to log in show theirs in the header, or none. */
function grantedName({ grant }: TokenRequest): string | undefined {
  return grant.kind === "password" ? grant.name : undefined;
}

async function readForm(
  context: TokenContext,
  { clock = systemClock }: TokenRoutesOptions,
): Promise<URLSearchParams> {
  if (!FORM_TYPE.test(context.req.header("content-type") ?? "")) {
    throw new TokenRequestRefused(
      "invalid_request",
      "the body must be application/x-www-form-urlencoded",
    );
  }
  const request = context.req.raw;
  const limit = { clock, timeoutMs: FORM_TIMEOUT_MS, signal: new AbortController().signal };
  const bytes = await withTimeLimit(limit, (signal) => readCapped(request, signal));
  return new URLSearchParams(bytes.toString());
}

interface Refusal {
  readonly status: ContentfulStatusCode;
  readonly code: ErrorCode;
  /** RFC 6749 section 5.2. */
  readonly problem: string;
  readonly message: string;
  readonly headers: Readonly<Record<string, string>>;
}

function refusal(error: Error, context: TokenContext, log: Logger): Response {
  const { status, code, problem, message, headers } = refusalOf(error);
  const fields = { "auth.reason": errorText(error), "http.request.id": context.env.id };
  if (status === 500) log.error("the token endpoint failed", { ...fields, error });
  else log.info("no token was given", fields);
  neverKept(context);
  for (const [name, value] of Object.entries(headers)) context.header(name, value);
  return context.json(
    { errors: [{ code, message }], error: problem, error_description: message },
    status,
  );
}

function refusalOf(error: Error): Refusal {
  if (error instanceof BodyTooLarge) {
    const message = "the form is too long";
    return { status: 413, code: "SIZE_INVALID", problem: "invalid_request", message, headers: {} };
  }
  if (error instanceof TimeLimitExceeded) {
    const message = "the form did not arrive in time";
    const headers = { Connection: "close" };
    return { status: 408, code: "UNSUPPORTED", problem: "invalid_request", message, headers };
  }
  if (error instanceof TokenRequestRefused) {
    const { problem, message } = error;
    return { status: 400, code: "UNSUPPORTED", problem, message, headers: {} };
  }
  if (error instanceof CredentialsRefused) {
    return {
      status: 401,
      code: "UNAUTHORIZED",
      problem: "invalid_grant",
      message: "incorrect name or password",
      headers: { "WWW-Authenticate": basicChallenge("barge") },
    };
  }
  if (error instanceof TooManyAttempts) {
    return busy(429, "TOOMANYREQUESTS", {
      message: "too many attempts to log in",
      seconds: error.retryAfterSeconds,
    });
  }
  if (error instanceof AuthUnavailable) {
    return busy(503, "UNAVAILABLE", {
      message: "nobody can be identified at the moment",
      seconds: UNAVAILABLE_RETRY_SECONDS,
    });
  }
  const message = "unknown error";
  return { status: 500, code: "UNKNOWN", problem: "server_error", message, headers: {} };
}

function busy(
  status: 429 | 503,
  code: ErrorCode,
  { message, seconds }: { readonly message: string; readonly seconds: number },
): Refusal {
  const headers = { "Retry-After": String(seconds) };
  return { status, code, problem: "temporarily_unavailable", message, headers };
}

/** RFC 6749 section 5.1. */
function neverKept(context: Context): void {
  context.header("Cache-Control", "no-store");
  context.header("Pragma", "no-cache");
}
