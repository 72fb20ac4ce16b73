/** The file of users, and who in groups and rules is not in it. */
import { FollowedFile, type FileReading } from "../auth/passwords/followed-file.ts";
import { type HtpasswdFile, parseHtpasswd } from "../auth/passwords/htpasswd-file.ts";
import type { BuiltInAuthConfig, Config } from "../config/config.ts";
import { suggestion } from "../config/nearest.ts";
import { toldPlace } from "../config/told-place.ts";
import { errorText } from "../lib/error-text.ts";
import type { FileFindings } from "./file-findings.ts";

/** Nothing, where no file of users counts. */
export function checkUsersOf(config: Config): FileFindings {
  const { auth } = config;
  if (auth.kind === "htpasswd") {
    return checkFile({ path: auth.path, setting: "auth.htpasswd.path", isMade: true }).findings;
  }
  if (auth.kind !== "built-in") return { problems: [], warnings: [] };
  if (auth.users === undefined) return { problems: [], warnings: withoutUsers(config, auth) };
  const { findings, names } = checkFile({
    path: auth.users,
    setting: "barge.auth",
    isMade: false,
  });
  if (names === undefined || usersAreElsewhere(config)) return findings;
  const strangers = strangersIn(auth, { path: auth.users, names });
  return { ...findings, warnings: [...findings.warnings, ...strangers] };
}

/** Certificates name users whom no file has. */
function usersAreElsewhere({ http }: Config): boolean {
  return http.tls?.clientCertificates !== undefined;
}

function withoutUsers(config: Config, auth: BuiltInAuthConfig): readonly string[] {
  const isMeant = namedUsers(auth).length > 0;
  return isMeant && !usersAreElsewhere(config)
    ? [
        "barge.auth names no file of users: groups and rules for users are for nobody; write barge.auth.users",
      ]
    : [];
}

interface UsersFile {
  readonly path: string;
  /** Where its path stands. */
  readonly setting: string;
  /** Whether the server makes it where it is not. */
  readonly isMade: boolean;
}

interface CheckedFile {
  readonly findings: FileFindings;
  /** `undefined` when they cannot be known. */
  readonly names: ReadonlySet<string> | undefined;
}

function checkFile({ path, setting, isMade }: UsersFile): CheckedFile {
  const reading = new FollowedFile({ path, interpret: (read) => read }).current;
  if (reading.kind === "missing") {
    const outcome = isMade
      ? "serve makes it, with the user docker and a password that the log tells"
      : "nobody can log in by password";
    const warning = `${setting}: there is no file ${path}: ${outcome}`;
    return { findings: { problems: [], warnings: [warning] }, names: undefined };
  }
  try {
    const file = parse(reading);
    const names = new Set(file.users.keys());
    const warnings = tell(file).map((text) => `${setting}: ${path}: ${text}`);
    return { findings: { problems: [], warnings }, names };
  } catch (error) {
    const message = `the file of users ${path} cannot be used: ${errorText(error)}`;
    return { findings: { problems: [{ path: setting, message }], warnings: [] }, names: undefined };
  }
}

/** @throws {HtpasswdInvalid}, and why it cannot be read */
function parse(reading: Exclude<FileReading, { kind: "missing" }>): HtpasswdFile {
  if (reading.kind === "unreadable") throw reading.error;
  return parseHtpasswd(reading.text);
}

function tell({ users, warnings }: HtpasswdFile): readonly string[] {
  return users.size > 0
    ? warnings
    : [...warnings, "it has no users: nobody can log in by password"];
}

interface NamedUser {
  readonly name: string;
  /** Says who is for whom, up to the name. */
  readonly place: string;
}

function namedUsers({ groups, access }: BuiltInAuthConfig): readonly NamedUser[] {
  const members = Object.entries(groups).flatMap(([group, names]) =>
    names.map((name) => ({ name, place: `barge.auth.groups.${group} has the user` })),
  );
  const subjects = access.flatMap(({ subjects: all }, index) =>
    all.flatMap((subject) =>
      subject.kind === "user"
        ? [{ name: subject.name, place: `${toldPlace(`barge.access[${index}]`)} is for the user` }]
        : [],
    ),
  );
  return [...members, ...subjects];
}

function strangersIn(
  auth: BuiltInAuthConfig,
  { path, names }: { readonly path: string; readonly names: ReadonlySet<string> },
): readonly string[] {
  return namedUsers(auth)
    .filter(({ name }) => !names.has(name))
    .map(
      ({ name, place }) =>
        `${place} ${JSON.stringify(name)}, whom ${path} does not have${suggestion(name, names)}`,
    );
}
