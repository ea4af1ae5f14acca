/** The environment that processes of applications begin with: ours, without what was meant for the server itself. */
export function childEnvironment(own: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const isOurs = (name: string) => /^(VIVARIUM_|LISTEN_(FDS|PID|FDNAMES)$|NOTIFY_SOCKET$)/.test(name);
  const inherited = Object.entries(process.env).filter(([name]) => !isOurs(name));
  return { ...Object.fromEntries(inherited), ...own };
}
