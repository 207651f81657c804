// Parsers that are nobody's here, as judges of the markup that is made for devices: libxml2 and OpenSP.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HDML_3 } from './grammars/hdml.js';
import { WML_1_1 } from './grammars/wml.js';

const SGML = '/usr/share/xml/w3c-sgml-lib/schema/dtd';

/** What xmllint says against `documents`: empty where each is well-formed and valid. */
export const wmlErrors = (documents: readonly string[]): string =>
  judged(documents, (folder, files) => {
    writeFileSync(join(folder, 'wml.dtd'), WML_1_1);
    return ['xmllint', ['--nonet', '--noout', '--dtdvalid', join(folder, 'wml.dtd'), ...files]];
  });

/** What onsgmls says against decks of HDML. */
export const hdmlErrors = (documents: readonly string[]): string =>
  judged(
    documents.map((document) => `<!DOCTYPE HDML [\n${HDML_3}\n]>\n${document}`),
    (_, files) => ['onsgmls', ['-s', `${SGML}/sgml.dcl`, ...files]],
  );

/**
 * What onsgmls says by W3C's document type of HTML 3.2, of which compact HTML is a part. Its table of Latin letters is
 * no part of the package, and none of them is written by name.
 */
export const html32Errors = (documents: readonly string[]): string =>
  judged(
    documents.map((document) =>
      document.replace(
        /^<!DOCTYPE[^>]*>/,
        `<!DOCTYPE HTML SYSTEM "${SGML}/REC-html32-19970114/HTML32.dtd" [<!ENTITY % ISOlat1 "">]>`,
      ),
    ),
    (_, files) => ['onsgmls', ['-s', `${SGML}/sgml.dcl`, ...files]],
  );

/** Documents for one call of a judge that reads several. */
const MOST = 200;

/** Each document is judged alone: onsgmls would read several files as one. */
function judged(
  documents: readonly string[],
  command: (folder: string, files: string[]) => [program: string, options: string[]],
): string {
  const folder = mkdtempSync(join(tmpdir(), 'deputy-markup-'));
  try {
    const files = documents.map((document, i) => {
      const file = join(folder, String(i));
      writeFileSync(file, document);
      return file;
    });
    const isSgml = command(folder, [])[0] === 'onsgmls';
    const size = isSgml ? 1 : MOST;
    const batches = Array.from({ length: Math.ceil(files.length / size) }, (_, i) =>
      files.slice(i * size, (i + 1) * size),
    );
    let said = '';
    for (const batch of batches) {
      const [program, options] = command(folder, batch);
      const env = { ...process.env, SP_CHARSET_FIXED: '1', SP_ENCODING: 'utf-8' };
      const { stdout, stderr, status, error } = spawnSync(program, options, { encoding: 'utf8', env });
      if (error !== undefined) throw error;
      if (status !== 0) said += `${stdout}${stderr}`.slice(0, 4000);
    }
    return said.replaceAll(`${folder}/`, '');
  } finally {
    rmSync(folder, { recursive: true });
  }
}
