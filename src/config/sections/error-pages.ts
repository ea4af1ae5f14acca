/** `error-pages`: what clients see in the place of an error. */
import { accessSync, constants } from 'node:fs';
import { section } from '../section.ts';
import { map, one } from '../setting.ts';
import { onOff, path, urlPath } from '../value-types.ts';
import { errorStatus } from './types.ts';

/** A file, or a path of the same server that answers with the page. */
export type ErrorPage = { readonly file: string } | { readonly path: string };

export interface ErrorPagesSettings {
  /** By status (`404`), or by its class (`5xx`). */
  readonly pages: Readonly<Record<string, ErrorPage>>;
  /** Also in the place of what applications and other servers say. */
  readonly intercepts: boolean;
}

export const errorPages = section({
  help: 'pages of your own for errors',
  parts: {
    files: map(errorStatus, path('FILE'), {
      help: 'files, by status (404) or by its class (5xx)',
      placeholder: 'STATUS FILE',
    }),
    paths: map(errorStatus, urlPath, {
      help: 'paths of this server that answer with the page, by status or by its class',
      placeholder: 'STATUS URL',
    }),
    intercept: one(onOff, {
      default: false,
      help: 'also in the place of error pages of applications and other servers',
    }),
  },
  build: ({ files, paths, intercept }, place): ErrorPagesSettings => {
    for (const [status, file] of Object.entries(files)) {
      if (Object.hasOwn(paths, status))
        place.refuse('paths', `${status}, as in files`, 'one page for a status');
      const mistake = whyUnreadable(file);
      if (mistake !== null)
        place.refuse('files', `${JSON.stringify(file)} (${mistake})`, 'files that can be read');
    }
    return { pages: { ...asPages(files, 'file'), ...asPages(paths, 'path') }, intercepts: intercept };
  },
});

function asPages(pages: Readonly<Record<string, string>>, kind: 'file' | 'path'): Record<string, ErrorPage> {
  return Object.fromEntries(
    Object.entries(pages).map(([status, where]) => [status, { [kind]: where } as ErrorPage]),
  );
}

function whyUnreadable(file: string): string | null {
  try {
    accessSync(file, constants.R_OK);
    return null;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unreadable';
  }
}

/** What the setting error-document says, beside the section. */
export function withErrorDocuments(
  given: ErrorPagesSettings | null,
  documents: Readonly<Record<string, string>>,
): ErrorPagesSettings | null {
  if (Object.keys(documents).length === 0) return given;
  return { intercepts: false, ...given, pages: { ...given?.pages, ...asPages(documents, 'path') } };
}
