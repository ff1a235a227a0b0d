/* Reads the search index in the browser: see docs/decisions/0014 and govgen/search/.
   What is done to words here is done to texts in govgen/search/words.py: change both. */
window.openSearchIndex = (address, recent, shards) => {
"use strict";

const LISTS_HEAD = 4096, TEXTS_HEAD = 2048, RECENT_SHARDS = 256, BEGINNING = 2048, MOST_LISTS = 49152;

/* ---- Words ---- */

const simplified = new Map([["後", "后"], ["於", "于"], ["麽", "么"]]);
const folded = new Map();

function fold(character) {
  let plain = folded.get(character);
  if (plain === undefined) {
    if (character === "\n") plain = "\n";
    else if (/^[\p{Cc}\p{Cf}\p{Cs}]$/u.test(character)) plain = "";
    else if (/^\p{Z}$/u.test(character)) plain = " ";
    else plain = Array.from(character.normalize("NFKC").toLowerCase(), part =>
      "([{〔【〖﹝".includes(part) ? "(" : ")]}〕】〗﹞".includes(part) ? ")" : simplified.get(part) || part).join("");
    folded.set(character, plain);
  }
  return plain;
}

const isLatin = character => character >= "!" && character <= "~";

/* Returns the folded text, and for each of its UTF-16 units where in the text it comes from. */
function foldText(text) {
  const parts = [], places = [];
  let place = 0, space = -1, last = "";
  for (const character of text) {
    const plain = fold(character);
    if (plain === " ") { if (space < 0) space = place; }
    else if (plain) {
      if (space >= 0 && isLatin(last) && isLatin(plain[0])) { parts.push(" "); places.push(space); }
      space = -1;
      parts.push(plain);
      for (let unit = 0; unit < plain.length; unit++) places.push(place);
      last = plain[plain.length - 1];
    }
    place += character.length;
  }
  places.push(place);
  return { text: parts.join(""), places };
}

/* GB 2312 tells which Chinese characters are written in simplified texts; for any other the table is loaded. */
function isSimplified(text) {
  const bytes = new Uint8Array(72 * 94 * 2);
  let at = 0;
  for (let row = 0xb0; row < 0xf8; row++) for (let cell = 0xa1; cell < 0xff; cell++) { bytes[at++] = row; bytes[at++] = cell; }
  const everyday = new TextDecoder("gb18030").decode(bytes);
  return !Array.from(text).some(character => character >= "\u4e00" && character <= "\u9fff" && !everyday.includes(character));
}

const characters = new Map();
function learnCharacters() {
  return once(characters, "", async () => {
    const [from, to] = new TextDecoder().decode(await get("characters.txt")).split("\n").map(line => Array.from(line));
    from.forEach((character, number) => simplified.set(character, to[number]));
    folded.clear();
  });
}

function hash(word) {
  let value = 0x811c9dc5;
  for (const character of word) value = Math.imul(value ^ character.codePointAt(0), 0x01000193);
  value = Math.imul(value ^ value >>> 15, 0x2c1b3c6d);
  value = Math.imul(value ^ value >>> 12, 0x297a2d39);
  return (value ^ value >>> 15) >>> 0;
}

function pairs(text) {
  const found = new Set(), letters = Array.from(text);
  for (let at = 0; at + 1 < letters.length; at++) if (letters[at] !== "\n" && letters[at + 1] !== "\n") found.add(letters[at] + letters[at + 1]);
  return [...found];
}

/* ---- Files ---- */

let patience = new AbortController();

/* What was promised under a name, made once; what failed is made anew when it is asked for again. */
function once(made, name, make) {
  if (!made.has(name)) {
    made.set(name, make());
    made.get(name).catch(() => made.delete(name));
  }
  return made.get(name);
}

async function get(path, range) {
  const answer = await fetch(address + path, { headers: range ? { Range: `bytes=${range}` } : {}, signal: patience.signal });
  if (answer.status === 416) return [];
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  return !range ? bytes : answer.status === 206 ? [...readParts(bytes, answer.headers.get("Content-Range"))] : [{ from: 0, bytes }];
}

/* The parts of an answer, of which there may be many (RFC 9110, 14.6), with where they begin in their file. */
function* readParts(bytes, range) {
  if (range) { yield { from: Number(/\d+/.exec(range)), bytes }; return; }
  const decoder = new TextDecoder("latin1");
  for (let at = 0, head; (head = /^[^]*?\ncontent-range: *bytes (\d+)-(\d+)[^]*?\r\n\r\n/i.exec(decoder.decode(bytes.subarray(at, at + 400))));) {
    at += head[0].length;
    yield { from: Number(head[1]), bytes: bytes.subarray(at, at += head[2] - head[1] + 1) };
  }
}

/* A file of which the beginning is read first, and then what is asked for; all that is asked at one time comes together. */
class File {
  constructor(path, size) { this.path = path; this.size = size; this.wanted = []; this.heads = new Map(); }

  async read(from, end) {
    const [{ bytes } = { bytes: new Uint8Array() }] = await once(this.heads, "", () => get(this.path, `0-${this.size - 1}`));
    if (end <= bytes.length || bytes.length < this.size) return bytes.subarray(from, end);
    this.wanted.push(`${from}-${end - 1}`);
    this.parts = this.parts || Promise.resolve().then(() => {
      const ranges = this.wanted.join();
      this.wanted = [];
      this.parts = null;
      return get(this.path, ranges);
    });
    const part = (await this.parts).find(part => part.from <= from && end <= part.from + part.bytes.length);
    if (!part) throw new Error(`${this.path}: ${from}-${end}`);
    return part.bytes.subarray(from - part.from, end - part.from);
  }
}

const files = new Map();
function file(path, size) {
  if (!files.has(path)) files.set(path, new File(path, size));
  return files.get(path);
}

function readNumbers(bytes) {
  const numbers = [];
  let number = 0, shift = 0;
  for (const byte of bytes) {
    number |= (byte & 127) << shift;
    if (byte < 128) { numbers.push(number >>> 0); number = shift = 0; } else shift += 7;
  }
  return numbers;
}

const directories = new Map();
async function readDirectory(path) {
  const shard = file(path, LISTS_HEAD), head = await shard.read(0, 4);
  const end = 4 + new DataView(head.buffer, head.byteOffset).getUint32(0, true);
  const numbers = readNumbers(await shard.read(4, end)), lists = new Map();
  for (let at = 0, key = 0, from = end; at < numbers.length; at += 2) {
    key += numbers[at];
    lists.set(key, [from, from += numbers[at + 1]]);
  }
  return lists;
}

/* Where the lists under a word are: of the newest documents, and of all others; and how long they are together. */
const located = new Map();
function locate(word, isTitle) {
  return once(located, word + (isTitle ? "\n" : ""), async () => {
    const value = hash(word), sets = [["recent", RECENT_SHARDS], ...(recent ? [["all", shards]] : [])];
    const parts = (await Promise.all(sets.map(async ([name, shards]) => {
      const path = `lists/${name}-${value % shards}.bin`, directory = await once(directories, path, () => readDirectory(path));
      return [path, directory.get(Math.floor(value / shards) * 2 + (isTitle ? 1 : 0))];
    }))).filter(([, part]) => part);
    return { parts, size: parts.reduce((size, [, [from, end]]) => size + end - from, 0) };
  });
}

/* The documents under a word, as the bits of their slots by block. */
const lists = new Map();
function find(word, isTitle) {
  return once(lists, word + (isTitle ? "\n" : ""), async () => {
    const { parts } = await locate(word, isTitle);
    const contents = await Promise.all(parts.map(([path, part]) => file(path, LISTS_HEAD).read(...part)));
    return new Map(contents.flatMap(readList));
  });
}

function readList(bytes) {
  const found = [];
  for (let at = 0, block = 0; at < bytes.length;) {
    let gap = 0, shift = 0, byte;
    do { byte = bytes[at++]; gap |= (byte & 127) << shift; shift += 7; } while (byte > 127);
    block += gap >>> 0;
    const number = bytes[at++];
    if (number === 255) { found.push([block, bytes.subarray(at, at + 32)]); at += 32; }
    else {
      const bits = new Uint8Array(32);
      for (const end = at + number; at < end; at++) bits[bytes[at] >> 3] |= 1 << (bytes[at] & 7);
      found.push([block, bits]);
    }
  }
  return found;
}

/* The words with the shortest lists, as many as are not too much together: the others are in nearly every document. */
async function choose(words, isTitle) {
  const sizes = await Promise.all(words.map(async word => [word, (await locate(word, isTitle)).size]));
  let total = 0;
  return sizes.sort((one, other) => one[1] - other[1]).filter(([, size], at) => (total += size) <= MOST_LISTS || at < 2).map(([word]) => word);
}

function both(one, other) {
  const found = new Map();
  for (const [block, bits] of one) {
    const others = other.get(block);
    if (others) {
      const common = bits.map((byte, at) => byte & others[at]);
      if (common.some(byte => byte)) found.set(block, common);
    }
  }
  return found;
}

async function findAll(words, isTitle) {
  const found = await Promise.all((await choose(words, isTitle)).map(word => find(word, isTitle)));
  return found.sort((one, other) => one.size - other.size).reduce(both);
}

function count(found) {
  let number = 0;
  for (const bits of found.values()) for (let byte of bits) for (; byte; byte &= byte - 1) number++;
  return number;
}

/* ---- Texts ---- */

const LENGTHS = [3,4,5,6,7,8,9,10,11,13,15,17,19,23,27,31,35,43,51,59,67,83,99,115,131,163,195,227,258];
const FAR = [1,2,3,4,5,7,9,13,17,25,33,49,65,97,129,193,257,385,513,769,1025,1537,2049,3073,4097,6145,8193,12289,16385,24577];

function makeCode(lengths) {
  const counts = new Uint16Array(16), starts = new Uint16Array(16), symbols = new Uint16Array(lengths.length);
  for (const length of lengths) counts[length]++;
  counts[0] = 0;
  for (let length = 1; length < 16; length++) starts[length] = starts[length - 1] + counts[length - 1];
  lengths.forEach((length, symbol) => { if (length) symbols[starts[length]++] = symbol; });
  return { counts, symbols };
}

/* RFC 1951. Browsers have it too, but not those of old phones; and of a long text the beginning is read first. */
function inflate(bytes) {
  let at = 0, held = 0, kept = 0, out = new Uint8Array(bytes.length * 4), size = 0;
  const bits = number => {
    for (; kept < number; kept += 8) {
      if (at >= bytes.length) throw new RangeError("there is more");
      held |= bytes[at++] << kept;
    }
    const value = held & (1 << number) - 1;
    held >>>= number;
    kept -= number;
    return value;
  };
  const symbol = ({ counts, symbols }) => {
    for (let length = 1, code = 0, first = 0, index = 0; length < 16; length++) {
      if (!kept) {
        if (at >= bytes.length) throw new RangeError("there is more");
        held = bytes[at++];
        kept = 8;
      }
      code |= held & 1;
      held >>>= 1;
      kept--;
      const number = counts[length];
      if (code - number < first) return symbols[index + code - first];
      index += number;
      first = first + number << 1;
      code <<= 1;
    }
    throw new Error("not deflated");
  };
  const room = more => {
    if (size + more > out.length) { const wider = new Uint8Array((size + more) * 2); wider.set(out); out = wider; }
  };
  const block = () => {
    const isLast = bits(1);
    const type = bits(2);
    if (type === 0) {
      held = kept = 0;
      const length = bytes[at] | bytes[at + 1] << 8;
      room(length);
      out.set(bytes.subarray(at + 4, at + 4 + length), size);
      size += length;
      at += 4 + length;
      return isLast;
    }
    let literals, distances;
    if (type === 1) {
      literals = makeCode(Array.from({ length: 288 }, (_, n) => n < 144 ? 8 : n < 256 ? 9 : n < 280 ? 7 : 8));
      distances = makeCode(Array(30).fill(5));
    } else {
      const [number, far, few] = [bits(5) + 257, bits(5) + 1, bits(4) + 4], short = Array(19).fill(0), lengths = [];
      for (const place of [16,17,18,0,8,7,9,6,10,5,11,4,12,3,13,2,14,1,15].slice(0, few)) short[place] = bits(3);
      for (const code = makeCode(short); lengths.length < number + far;) {
        const value = symbol(code);
        if (value < 16) lengths.push(value);
        else {
          const again = value === 16 ? lengths[lengths.length - 1] : 0;
          for (let times = value === 16 ? 3 + bits(2) : value === 17 ? 3 + bits(3) : 11 + bits(7); times--;) lengths.push(again);
        }
      }
      literals = makeCode(lengths.slice(0, number));
      distances = makeCode(lengths.slice(number));
    }
    for (let value; (value = symbol(literals)) !== 256;) {
      room(258);
      if (value < 256) { out[size++] = value; continue; }
      value -= 257;
      let length = LENGTHS[value] + (value < 8 || value === 28 ? 0 : bits((value >> 2) - 1));
      const how = symbol(distances), back = FAR[how] + (how < 4 ? 0 : bits((how >> 1) - 1));
      for (; length--; size++) out[size] = out[size - back];
    }
    return isLast;
  };
  try {
    while (!block());
  } catch (fault) {
    if (!(fault instanceof RangeError)) throw fault;
  }
  return out.subarray(0, size);
}

const blocks = new Map();
function readBlock(block) {
  return once(blocks, block, async () => {
    const texts = file(`texts/${block}.bin`, TEXTS_HEAD), number = await texts.read(0, 2);
    const end = 2 + 8 * (number[0] | number[1] << 8), head = await texts.read(2, end);
    const view = new DataView(head.buffer, head.byteOffset, head.length), entries = [];
    for (let at = 0, from = end; at < head.length; at += 8) {
      const size = view.getUint32(at + 4, true);
      entries.push({ block, slot: head[at], day: head[at + 1] | head[at + 2] << 8 | head[at + 3] << 16, from, end: from += size, texts });
    }
    return entries.sort((one, other) => other.day - one.day);
  });
}

async function readDocument(entry) {
  if (!entry.document) await readText(entry, Math.min(entry.end, entry.from + BEGINNING));
  return entry.document;
}

async function readText(entry, stop) {
  const whole = new TextDecoder().decode(inflate(await entry.texts.read(entry.from, stop)));
  const end = whole.indexOf("\n") < 0 ? whole.length : whole.indexOf("\n");
  const [site, address, title, date, kind, source, number, validity, isTraditional] = JSON.parse(whole.slice(0, end));
  const text = whole.slice(end + 1).replace(/\ufffd$/, "");
  if (isTraditional) await learnCharacters();
  const facts = foldText([number, source].join("\n")).text;
  entry.document = {
    site, address, title, date, kind, source, number, validity, text, isWhole: stop === entry.end,
    words: { title: foldText(title), text: foldText(text), facts: `${facts}\n${facts.split("\n")[0].replace(/[()]/g, "")}` },
  };
}

/* Gives up what is not read yet. */
function abandon() {
  patience.abort();
  patience = new AbortController();
}

return { foldText, isSimplified, learnCharacters, pairs, find, findAll, choose, both, count, readBlock, readDocument, readText, abandon };
};
