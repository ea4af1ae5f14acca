/** A responder on libfcgi, the library that the specification of FastCGI came with: one process, one request at a time. */
import { spawnSync } from 'node:child_process';
import { type Owner, type Peer, startPeer } from './peer.ts';

const PERL = '/usr/bin/perl';
export const NO_LIBFCGI = spawnSync(PERL, ['-MFCGI', '-e', '1']).status !== 0 && 'no FCGI for Perl here';

/** Tells what it was asked, and says something to its error output. */
const RESPONDER = `
use FCGI;
my $socket = FCGI::OpenSocket($ARGV[0], 10);
my $request = FCGI::Request(\\*STDIN, \\*STDOUT, \\*STDERR, \\%ENV, $socket);
while ($request->Accept() >= 0) {
  my ($body, $piece) = ('', '');
  $body .= $piece while read(STDIN, $piece, 65536);
  print STDERR "noticed $ENV{PATH_INFO}\\n";
  print "Status: 201 Created\\r\\nContent-Type: text/plain\\r\\n\\r\\n";
  print "$ENV{REQUEST_METHOD} $ENV{PATH_INFO} ", length($body), "\\n", 'x' x ($ENV{QUERY_STRING} || 0);
}
`;

/** It listens at \`one.sock\` in its folder. */
export function startLibfcgi(owner: Owner): Promise<Peer> {
  return startPeer(owner, {
    command: PERL,
    args: (folder) => ['-e', RESPONDER, `${folder}/one.sock`],
    ready: 'one.sock',
  });
}
