import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { makeFolder } from '../../test/support/folder.ts';
import { type CgroupPlaces, cpuQuota, memoryLeft } from './cgroup.ts';

/** `self` is what /proc/self/cgroup says, `files` what is below /sys/fs/cgroup. */
function places(t: TestContext, self: string, files: Record<string, string>): CgroupPlaces {
  const below = Object.entries(files).map(([name, text]) => [`mount/${name}`, `${text}\n`]);
  const folder = makeFolder(t, { self, ...Object.fromEntries(below) });
  return { selfFile: `${folder}/self`, mount: `${folder}/mount` };
}

describe('version 2', () => {
  const SELF = '0::/site.slice/vivarium.service\n';

  test('without limits nothing is known', (t) => {
    const none = places(t, SELF, {
      'site.slice/vivarium.service/cpu.max': 'max 100000',
      'site.slice/vivarium.service/memory.max': 'max',
      'site.slice/vivarium.service/memory.current': '1000',
    });
    assert.deepEqual([cpuQuota(none), memoryLeft(none)], [null, null]);
    const nowhere = { selfFile: '/nowhere', mount: '/nowhere' };
    assert.deepEqual([cpuQuota(nowhere), memoryLeft(nowhere)], [null, null]);
  });

  test('the group, or one above it, whichever leaves less', (t) => {
    const own = {
      'site.slice/vivarium.service/cpu.max': '150000 100000',
      'site.slice/vivarium.service/memory.max': '1000000',
      'site.slice/vivarium.service/memory.high': 'max',
      'site.slice/vivarium.service/memory.current': '700000',
      'site.slice/vivarium.service/memory.stat': 'anon 500000\ninactive_file 200000\nactive_file 9',
    };
    const above = {
      'site.slice/cpu.max': '50000 100000',
      'site.slice/memory.max': '2000000',
      'site.slice/memory.current': '1900000',
    };
    assert.equal(cpuQuota(places(t, SELF, own)), 1.5);
    assert.equal(memoryLeft(places(t, SELF, own)), 500_000);
    assert.equal(cpuQuota(places(t, SELF, { ...own, ...above })), 0.5);
    assert.equal(memoryLeft(places(t, SELF, { ...own, ...above })), 100_000);
  });

  test('where processes are slowed down counts as the limit, and less than nothing is nothing', (t) => {
    const files = { 'memory.max': '1000', 'memory.high': '800', 'memory.current': '900' };
    assert.equal(memoryLeft(places(t, '0::/\n', files)), 0);
  });

  test('a container that sees its own group under a path of the host', (t) => {
    const files = { 'memory.max': '1000', 'memory.current': '400', 'cpu.max': '200000 100000' };
    const container = places(t, '0::/docker/4f2a\n', files);
    assert.deepEqual([cpuQuota(container), memoryLeft(container)], [2, 600]);
  });
});

describe('version 1', () => {
  const SELF = '9:name=systemd:/\n4:memory:/docker/4f2a\n1:cpu,cpuacct:/docker/4f2a\n0::/\n';

  test('each resource has a hierarchy of its own', (t) => {
    const limited = places(t, SELF, {
      'memory/docker/4f2a/memory.limit_in_bytes': '1000000',
      'memory/docker/4f2a/memory.usage_in_bytes': '900000',
      'memory/docker/4f2a/memory.stat': 'inactive_file 5\ntotal_inactive_file 300000',
      'cpu,cpuacct/docker/4f2a/cpu.cfs_quota_us': '300000',
      'cpu,cpuacct/docker/4f2a/cpu.cfs_period_us': '100000',
    });
    assert.deepEqual([cpuQuota(limited), memoryLeft(limited)], [3, 400_000]);
  });

  test('the words for no limit', (t) => {
    const files = {
      'memory/memory.limit_in_bytes': '9223372036854771712',
      'memory/memory.usage_in_bytes': '900000',
      'cpu/cpu.cfs_quota_us': '-1',
      'cpu/cpu.cfs_period_us': '100000',
    };
    const unlimited = places(t, '4:memory:/\n1:cpu:/\n', files);
    assert.deepEqual([cpuQuota(unlimited), memoryLeft(unlimited)], [null, null]);
  });
});
