/** Runs `act` while these variables have these values (undefined: unset), and puts back what was there. */
export function inEnvironment<T>(variables: Readonly<Record<string, string | undefined>>, act: () => T): T {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  const assign = ([name, value]: readonly [string, string | undefined]): void => {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  };
  try {
    Object.entries(variables).forEach(assign);
    return act();
  } finally {
    before.forEach(assign);
  }
}
