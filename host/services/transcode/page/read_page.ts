// A page on its way from its markup to the writer for a device: the one flow from which every format is made.
import type { DeviceProfile } from '../../../delegation/device.js';
import type { ElementSink } from '../html/element.js';
import { OpenElements } from '../html/open_elements.js';
import { TokenReader } from '../html/tokens.js';
import { BaseAddress } from './base_address.js';
import { Drawings } from './drawings.js';
import { Embedded } from './embedded.js';
import { FirstTitle } from './first_title.js';
import { Formulas } from './formulas.js';
import { Names } from './names.js';
import { Pictures } from './pictures.js';
import { Refreshes } from './refresh.js';
import { Readings } from './ruby.js';
import { Scripted, ScriptWitness } from './scripted.js';
import { InlineDocuments } from './srcdoc.js';
import { Visible } from './visible.js';

export interface ReadOptions {
  /** Where the page lies. */
  readonly url: string;
  /** XHTML: tags can close themselves. */
  readonly isXml: boolean;
  readonly profile: DeviceProfile;
  /** What is to be said at the page's end, asked for there. */
  readonly remark: () => string | undefined;
}

export class PageReader {
  readonly #tokens: TokenReader;
  readonly #elements: OpenElements;

  /** `write` makes what the page goes to; it is given what the page's addresses are relative to. */
  constructor(options: ReadOptions, write: (base: BaseAddress) => ElementSink) {
    const base = new BaseAddress(options.url);
    const { styles, pictures: shown, screenWidth } = options.profile;
    const scripted = new Scripted(write(base), options.remark);
    const names = new Names(scripted, base, shown.length > 0);
    const pictures = new Pictures(names, base, screenWidth);
    const inLine = new Readings(new Formulas(new FirstTitle(pictures)));
    const drawings = new Drawings(inLine, (title) => names.nameDrawing(title));
    const visible = new Visible(new Refreshes(new Embedded(drawings, base), base), styles);
    const witness = new ScriptWitness(visible, base);
    scripted.watch(witness);
    this.#elements = new OpenElements(new InlineDocuments(witness), options.isXml);
    this.#tokens = new TokenReader(this.#elements, options.isXml);
  }

  /** `isDone` is asked now and then whether more is wanted. */
  write(text: string, isDone?: () => boolean): void {
    this.#tokens.write(text, isDone);
  }

  end(): void {
    this.#tokens.end();
    this.#elements.finish();
  }
}
