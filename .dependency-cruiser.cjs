/** The direction of the arrows in ARCHITECTURE.md, checked by `npm run lint`. */
const only = (from, allowed) => ({
  name: `${from}-imports-downwards`,
  severity: 'error',
  from: { path: `^src/${from}/`, pathNot: '\\.test\\.ts$' },
  to: { path: '^src/', pathNot: [`^src/${from}/`, ...allowed.map((part) => `^src/${part}`)] },
});
const vocabulary = [
  'exchange\\.ts',
  'handler\\.ts',
  'fields\\.ts',
  'phases\\.ts',
  'config/configuration\\.ts',
];

module.exports = {
  forbidden: [
    {
      name: 'no-circles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    only('base', []),
    only('protocols', ['base/', 'fields\\.ts', 'exchange\\.ts']),
    only('telemetry', ['base/', ...vocabulary]),
    only('routing', ['base/', ...vocabulary]),
    only('middleware', ['base/', 'telemetry/', ...vocabulary]),
    only('handlers', ['base/', 'telemetry/', ...vocabulary]),
    only('development', ['base/', ...vocabulary]),
    only('admin', [
      'base/',
      'telemetry/',
      'apps/',
      'protocols/worker/',
      'control/messages\\.ts',
      ...vocabulary,
    ]),
    only('apps', [
      'base/',
      'protocols/',
      'telemetry/',
      'development/',
      'control/messages\\.ts',
      ...vocabulary,
    ]),
    only('gateway', [
      'admin/',
      'base/',
      'protocols/',
      'telemetry/',
      'development/',
      'routing/',
      'middleware/',
      'handlers/',
      'apps/',
      'control/',
      ...vocabulary,
    ]),
    only('config', ['base/']),
    only('control', ['base/', 'config/configuration\\.ts']),
    only('supervisor', ['base/', 'control/', 'config/', 'telemetry/']),
    only('cli', ['base/', 'config/', 'control/', 'supervisor/', 'telemetry/', 'middleware/access-log/']),
    {
      name: 'protocols-do-no-io',
      severity: 'error',
      from: { path: '^src/protocols/', pathNot: '\\.test\\.ts$' },
      to: { path: '^(node:)?(net|tls|fs|http|https|dgram|child_process|timers)(/|$)' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
  },
};
