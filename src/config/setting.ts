/**
 * One setting of the table in settings/: a flag, a key of the file and an environment variable at once. The three
 * constructors give its value the right TypeScript type.
 */
import { onOff, type ValueType } from './value-types.ts';

export interface Setting<T = unknown> {
  /** `list`: may be given several times. `map`: the same, each time with a key. */
  readonly shape: 'one' | 'list' | 'map';
  readonly type: ValueType<unknown>;
  /** What the keys of a `map` are. */
  readonly keyType: ValueType<string> | null;
  /** null: nothing, or found when the server starts; `defaultText` says which. */
  readonly default: T;
  readonly defaultText: string | null;
  /** One line, without a full stop. */
  readonly help: string;
  /** The names of the arguments its flag takes; '' for a switch. */
  readonly placeholder: string;
  /** It chooses the file, so the file cannot hold it. */
  readonly notInFile: boolean;
}

/** Settings that are shown together. */
export interface SettingGroup<S extends Record<string, Setting> = Record<string, Setting>> {
  readonly title: string;
  readonly settings: S;
}

interface Options<D> {
  readonly default: D;
  readonly defaultText?: string;
  readonly help: string;
  readonly placeholder?: string;
  readonly notInFile?: true;
}

export function one<T>(type: ValueType<T>, options: Options<NoInfer<T>>): Setting<T>;
export function one<T>(type: ValueType<T>, options: Options<null>): Setting<T | null>;
export function one<T>(type: ValueType<T>, options: Options<T | null>): Setting<T | null> {
  const placeholder = options.placeholder ?? (isSwitch(type) ? '' : type.placeholder);
  return make({ shape: 'one', type, keyType: null, ...options, placeholder });
}

export function list<T>(type: ValueType<T>, options: Omit<Options<[]>, 'default'>): Setting<readonly T[]> {
  const placeholder = options.placeholder ?? type.placeholder;
  return make({ shape: 'list', type, keyType: null, ...options, default: [], placeholder });
}

export function map<T>(
  keyType: ValueType<string>,
  type: ValueType<T>,
  options: Omit<Options<object>, 'default'>,
): Setting<Readonly<Record<string, T>>> {
  const placeholder = options.placeholder ?? `${keyType.placeholder} ${type.placeholder}`;
  return make({ shape: 'map', type, keyType, ...options, default: {}, placeholder });
}

export function isSwitch(type: ValueType<unknown>): boolean {
  return type === onOff;
}

export function environmentName(name: string): string {
  return `VIVARIUM_${name.toUpperCase().replaceAll('-', '_')}`;
}

function make<T>(
  parts: Omit<Setting<T>, 'defaultText' | 'notInFile'> & { defaultText?: string; notInFile?: boolean },
): Setting<T> {
  return Object.freeze({ defaultText: null, notInFile: false, ...parts });
}
