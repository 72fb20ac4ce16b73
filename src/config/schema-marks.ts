/** What a schema says about a setting beside its type, by `.meta({...})`. */

/** The name that environment variables use, where it is not the key. */
export const ENVIRONMENT_NAME = "x-environment-name";

/** The value is a secret: `env:NAME` and `file:/path` are resolved, and it is never shown. */
export const SECRET = "x-secret";

/** The section is another name of the one that stands there. */
export const ALIAS_OF = "x-alias-of";

/** Of a map: a text `x` stands for `{x: {}}`. Of a list: a text `x` stands for `[x]`. */
export const SHORTHAND = "x-shorthand";
