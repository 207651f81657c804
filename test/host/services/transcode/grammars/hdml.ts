// The part of HDML 3.0's grammar (Unwired Planet, HDML Language Reference; the BNF of its predecessor is the W3C Note of
// May 1997) that decks are made of here, as a document type of SGML, whose syntax HDML takes its tags from. HDML came
// without a document type of its own, so that this table stands for the BNF.

const ELEMENTS: [name: string, hasEnd: boolean, content: string, attributes: string][] = [
  ['HDML', true, '(DISPLAY | CHOICE | ENTRY | NODISPLAY)+', 'VERSION! PUBLIC MARKABLE TTL'],
  [
    'DISPLAY',
    true,
    '(ACTION*, (#PCDATA | A | BR | IMG | LINE | WRAP | CENTER | RIGHT | TAB)*)',
    'NAME TITLE MARKABLE',
  ],
  ['NODISPLAY', true, '(ACTION*)', 'NAME TITLE MARKABLE'],
  ['CHOICE', true, '(ACTION | #PCDATA | CE)*', 'NAME TITLE KEY IKEY DEFAULT IDEFAULT METHOD'],
  ['ENTRY', true, '(ACTION | #PCDATA)*', 'NAME TITLE KEY DEFAULT FORMAT NOECHO EMPTYOK'],
  ['CE', true, '(#PCDATA)', 'VALUE TASK DEST LABEL'],
  ['A', true, '(#PCDATA | IMG | BR)*', 'TASK! DEST LABEL METHOD POSTDATA ACCESSKEY VARS'],
  ['ACTION', false, 'EMPTY', 'TYPE! TASK! DEST LABEL METHOD POSTDATA VARS'],
  ['BR', false, 'EMPTY', ''],
  ['IMG', false, 'EMPTY', 'SRC! ALT! NAME'],
];

const declared = (attributes: string) =>
  attributes
    .split(' ')
    .map((name) => `${name.replace('!', '')} CDATA ${name.endsWith('!') ? '#REQUIRED' : '#IMPLIED'}`)
    .join('\n  ');

export const HDML_3 = [
  '<!ENTITY amp "&#38;#38;">\n<!ENTITY lt "&#38;#60;">\n<!ENTITY gt "&#62;">\n<!ENTITY quot "&#34;">\n<!ENTITY dol "&#36;">',
  ...ELEMENTS.map(([name, hasEnd, content, attributes]) => {
    // Of what the table names, text may hold what it defines.
    const known = content.replace(/ \| (LINE|WRAP|CENTER|RIGHT|TAB)/g, '');
    const list = attributes === '' ? '' : `\n<!ATTLIST ${name} ${declared(attributes)}>`;
    return `<!ELEMENT ${name} - ${hasEnd ? '-' : 'O'} ${known}>${list}`;
  }),
].join('\n');
