/** Writes the reference of all settings, from the schema and nothing else. */
import { type JsonSchema, markedJsonSchema } from "./json-schema.ts";
import { LATER_KEYS } from "./later-keys.ts";
import { NOT_CARRIED_OUT } from "./not-carried-out.ts";
import { NEEDLESS } from "./needless.ts";
import { ALIAS_OF, ENVIRONMENT_NAME, SHORTHAND } from "./schema-marks.ts";

/** One setting that takes a value. */
export interface Setting {
  /** `notifications.endpoints[].url` */
  readonly path: string;
  /** `NOTIFICATIONS_ENDPOINTS_0_URL` */
  readonly variable: string;
  readonly kind: string;
  /** As it would stand in the file; `undefined` when there is none or the text tells it. */
  readonly preset: string | undefined;
  readonly description: string;
}

/** The page as Markdown. */
export function configReferencePage(): string {
  const sections = Object.entries(markedJsonSchema().properties ?? {});
  return [
    INTRODUCTION,
    ...sections.map(([key, schema]) => section(key, schema)),
    refusedSettings(),
    needlessSettings(),
    "",
  ].join("\n");
}

/** Every setting of the file, in its order. */
export function listSettings(): readonly Setting[] {
  return Object.entries(markedJsonSchema().properties ?? {}).flatMap(([key, schema]) =>
    settingsOf(schema, { path: key, variable: variableWord(key, schema) }),
  );
}

const INTRODUCTION = `# Configuration reference

Made from the schema by \`test/config/reference-page.test.ts\`; change the descriptions there.

The file is the \`config.yml\` of the reference registry (YAML 1.1), with the settings of Barge alone below \`barge:\`.
\`barge verify FILE\` checks one, \`barge schema\` prints its JSON Schema.

- A duration is written as in Go: \`500ms\`, \`30s\`, \`1h30m\`, \`168h\`. A bare number counts nanoseconds.
- A size is a number of bytes or has a unit: \`10485760\`, \`10MiB\`.
- The keys of the storage drivers may be quoted: \`secure: "true"\`.
- An empty text is the same as no setting.
- \`storage: inmemory\` is short for \`storage: {inmemory: {}}\`.
- \`accesskey\` and \`secretkey\`, and below \`barge:\` every key and secret, may be \`env:NAME\` (an environment variable) or \`file:/path\` (a file).
- \`name\` in a path stands for a name that you choose, as in \`barge.auth.robots.name.secret\`. Where text or a list is taken, a text is a list of one.
- An unknown key is warned of; below \`barge:\` it is an error.
- Every setting can come from the environment: \`REGISTRY_HTTP_ADDR\` stands for \`http.addr\`, \`BARGE_STATE_DIRECTORY\` for \`barge.state.directory\`. The value is YAML. Variables are carried out in the order of their names; \`REGISTRY_STORAGE=s3\` replaces the whole section. Items of lists are counted from 0; a whole list can be given as YAML: \`REGISTRY_VALIDATION_MANIFESTS_URLS_ALLOW='["^https://"]'\`.
- The file is the argument of the command, else \`BARGE_CONFIG\`, else \`REGISTRY_CONFIGURATION_PATH\`, else \`./config.yml\`. Without a file Barge listens on \`127.0.0.1:5000\`, keeps its data in \`./data\` and allows deletion.
`;

/** Stands for the keys of maps whose keys are chosen freely. */
const ANY_NAME = "name";

type Schema = JsonSchema | boolean;

interface Place {
  readonly path: string;
  readonly variable: string;
}

function section(key: string, schema: Schema): string {
  const description = typeof schema === "object" ? schema.description : undefined;
  const settings = settingsOf(schema, { path: key, variable: variableWord(key, schema) });
  if (settings.length === 1 && settings[0]?.path === key) {
    return `## \`${key}\`\n\n${settings.map(line).join("\n")}\n`;
  }
  return `## \`${key}\`\n\n${description ?? ""}\n\n${settings.map(line).join("\n")}\n`;
}

function line(setting: Setting): string {
  const preset = setting.preset === undefined ? "" : ` Default: \`${setting.preset}\`.`;
  return `- \`${setting.path}\` (${setting.kind}, \`${setting.variable}\`): ${setting.description}${preset}`;
}

/** What takes a value, at any depth; keys of later versions are left out. */
function settingsOf(schema: Schema, place: Place): readonly Setting[] {
  if (typeof schema === "boolean" || schema.not !== undefined) return [];
  if (typeof schema[ALIAS_OF] === "string") return [aliasSetting(schema[ALIAS_OF], place)];
  const fields = Object.entries(schema.properties ?? {});
  if (fields.length > 0) {
    return fields.flatMap(([key, field]) =>
      settingsOf(field, {
        path: `${place.path}.${key}`,
        variable: `${place.variable}_${variableWord(key, field)}`,
      }),
    );
  }
  const repeated = repeatedSchema(schema, place);
  return repeated === undefined ? [toSetting(schema, place)] : settingsOf(...repeated);
}

/** Of a list of maps and of a map of maps: one of them, and where it stands. */
function repeatedSchema(
  schema: JsonSchema,
  { path, variable }: Place,
): [Schema, Place] | undefined {
  const { items, additionalProperties: others } = schema;
  if (typeof others === "object" && others.properties !== undefined) {
    const name = variableWord(ANY_NAME, others);
    return [others, { path: `${path}.${ANY_NAME}`, variable: `${variable}_${name}` }];
  }
  if (typeof items === "object" && !Array.isArray(items) && items.properties !== undefined) {
    return [items, { path: `${path}[]`, variable: `${variable}_0` }];
  }
  return undefined;
}

function aliasSetting(original: string, place: Place): Setting {
  const description = `Another name of \`${original}\`, with the same settings.`;
  return toSetting({ type: "object", description }, place);
}

function toSetting(schema: JsonSchema, { path, variable }: Place): Setting {
  const prefix = path.startsWith("barge.") ? "" : "REGISTRY_";
  return {
    path,
    variable: `${prefix}${variable}`,
    kind: kindOf(schema),
    preset: presetOf(schema.default),
    description: schema.description ?? "",
  };
}

function variableWord(key: string, schema: Schema): string {
  const name = typeof schema === "object" ? schema[ENVIRONMENT_NAME] : undefined;
  return (typeof name === "string" ? name : key).toUpperCase();
}

const KINDS: ReadonlyMap<unknown, string> = new Map([
  ["string", "text"],
  ["boolean", "true or false"],
  ["integer", "whole number"],
  ["array", "list"],
  ["object", "map"],
]);

function kindOf(schema: JsonSchema): string {
  if (schema.type === "array" && schema[SHORTHAND] === true) return "text or list";
  if (schema.format === "duration" || schema.format === "size") return schema.format;
  const declared: unknown = schema.type;
  const first: unknown = Array.isArray(declared) ? declared[0] : declared;
  return KINDS.get(first) ?? "text";
}

function presetOf(preset: unknown): string | undefined {
  if (preset === undefined || preset === "") return undefined;
  if (Array.isArray(preset)) return preset.length === 0 ? undefined : `[${preset.join(", ")}]`;
  return typeof preset === "string" ? preset : JSON.stringify(preset);
}

function refusedSettings(): string {
  const later = Object.keys(LATER_KEYS).map((key) => `\`barge.${key}\``);
  const lines = NOT_CARRIED_OUT.filter(({ path }) => !path.startsWith("barge.")).map(
    ({ path, advice }) => `- \`${path}\`: ${advice}.`,
  );
  return [
    "## Settings that stop the start\n",
    "This version does not carry these out. Where one asks for something the program does not start and names it.\n",
    ...lines,
    `- ${later.join(", ")}: come with later versions.`,
    "",
  ].join("\n");
}

function needlessSettings(): string {
  const lines = NEEDLESS.map(({ path, reason }) => `- \`${path}\` ${reason}.`);
  return ["## Settings that need nothing here\n", ...lines].join("\n");
}
