const reference = /\$(\$)?\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g;

/**
 * Replaces `${NAME}` and `${NAME:-default}` in every text of a parsed YAML tree; `$${` is a literal `${`. It works on the tree and not on
 * the file's text, so that a value can never change the file's structure. A variable that is unset, or empty, takes its default;
 * without one it is a problem.
 */
export function expandVariables(
  value: unknown,
  env: Readonly<Record<string, string | undefined>>,
  problem: (path: string, message: string) => void,
  path = '',
): unknown {
  if (typeof value === 'string') {
    return value.replace(
      reference,
      (whole, escaped: string | undefined, name: string, fallback: string | undefined) => {
        if (escaped !== undefined) return whole.slice(1);
        const given = env[name] || fallback;
        if (given === undefined)
          problem(path, `given ${whole}, but ${name} is not set; set it, or write \${${name}:-default}`);
        return given ?? whole;
      },
    );
  }
  if (Array.isArray(value)) return value.map((item, at) => expandVariables(item, env, problem, `${path}[${at}]`));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [
        key,
        expandVariables(item, env, problem, path === '' ? key : `${path}.${key}`),
      ]),
    );
  }
  return value;
}
