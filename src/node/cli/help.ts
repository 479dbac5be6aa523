export const help = `Usage: portmesh broker --path PATH | --port PORT [--host HOST] [--secrets-file FILE] [--redact-errors]

Starts a broker, through which Node.js processes of this machine find each other: they join with connect({ broker })
of portmesh/node, Electron's with bridge.joinBroker() of portmesh/main. It prints one line when it is ready, and runs
until it is told to end by SIGTERM or SIGINT.

Options:
  --path PATH          listen at this unix socket, for this user alone; on Windows a named pipe, \\\\.\\pipe\\NAME
  --port PORT          or at this port of TCP; 0: any that is free, which the line says
  --host HOST          with --port: 127.0.0.1, which is the default, or ::1
  --secrets-file FILE  JSON: { "peer": "…", "bridge": "…" }
  --redact-errors      what Node's peers throw goes to Electron's pages without stacks and paths
  --help, --version

Secrets, of 16 characters or more, are what must be known to join; for instance of: openssl rand -hex 32
They come from the file, or from the environment: PORTMESH_PEER_SECRET, for peers, and PORTMESH_BRIDGE_SECRET, for
bridges of Electron; without that, no bridge can join. Never from the command line, which every user can see.

Ends with 0 when told to, 1 if it can't listen, 2 if this makes no sense to it.
`;
