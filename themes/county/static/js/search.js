/* Answers searches in the browser, from files the portal has: see docs/decisions/0014 and govgen/search/.
   What is done to words here is done to texts in govgen/search/words.py: change both. */
(() => {
"use strict";

const page = document.getElementById("search");
const form = page && page.querySelector("form");
if (!form) return;

/* What is asked for, as the page's address has it. */
const filters = { site: "", kind: "", validity: "", year: "" };
let query = "";
function readAddress() {
  const asked = new URLSearchParams(location.search);
  query = (asked.get("q") || "").trim().slice(0, 200);
  for (const name of Object.keys(filters)) filters[name] = asked.get(name) || "";
}

readAddress();
if (!page.dataset.lists) {
  // A department's page: the portal answers, for this site alone.
  if (query) location.replace(`${page.dataset.county}?${new URLSearchParams({ q: query, site: page.dataset.site })}`);
  return;
}

const PATIENCE = 8000, PAGE = 10, LISTS_HEAD = 4096, TEXTS_HEAD = 2048, RECENT_SHARDS = 256, SLOTS = 256, PARTS = 64;
const MOST_PAIRS = 4, MOST_TRIES = 60, BATCH = 10, AHEAD = 4, NEAR = 16, BEGINNING = 3072, MOST_BYTES = 65536, MOST_LISTS = 49152;

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
  const answer = await fetch(page.dataset.lists + path, { headers: range ? { Range: `bytes=${range}` } : {}, signal: patience.signal });
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
    const value = hash(word), sets = [["recent", RECENT_SHARDS], ...(Number(page.dataset.recent) ? [["all", Number(page.dataset.shards)]] : [])];
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

/* Whether a document has some words; of long ones the rest is read for it, as long as that is not too much. */
async function hasAll(entry, words) {
  const has = () => words.every(word => isIn(entry.document, word));
  if (has()) return true;
  if (entry.document.isWhole) return false;
  const size = entry.end - entry.from;
  // All its pairs of characters are there; then it is taken at its word.
  if (size > budget) return true;
  budget -= size;
  await readText(entry, entry.end);
  return has();
}

let budget = MOST_BYTES;
const isIn = ({ words }, word) => words.title.text.includes(word) || words.text.text.includes(word) || words.facts.includes(word);

/* ---- Asking ---- */

/* Words of questions, which are in no text that answers them. Longer ones first. */
const QUESTION = /请问|怎么办理|如何办理|怎样办理|怎么申请|如何申请|怎么办|怎么样|怎么|怎样|如何|在哪里|在哪儿|在哪|哪里|哪儿|去哪|什么时候|是什么|什么|为什么|多少钱|多少|多久|几点|有哪些|哪些|需要|可以|能不能|可不可以|能否|是否|有没有|我想|我要|应该|想要|一下|谢谢|吗|呢|啊|吧|[我您你的了是和与去请想要?？!！,，.。、;；:："“”]/u;

/* What people say, and what documents call it; the county's own words besides. */
const CALLED = Object.entries({
  低保: "最低生活保障", 医保: "医疗保险", 社保: "社会保险", 教资: "教师资格", 失业金: "失业保险金", 房产证: "不动产", 房本: "不动产",
  健康证: "健康证明", 驾照: "驾驶证", 营业执照: "登记", 餐馆: "餐饮", 饭店: "餐饮", 公司: "企业", 注册: "开办", 小学: "义务教育", 上学: "入学",
  贷款: "担保贷款", 补助: "资助", 拖欠: "欠薪", 农机补贴: "农机购置补贴",
  ...JSON.parse(page.dataset.called || "{}"),
});
const called = words => words.map(word => CALLED.reduce((said, [one, other]) => said.includes(other) ? said : said.replaceAll(one, other), word));

async function limit(found) {
  const words = Object.entries(filters).filter(([name, value]) => value && name !== "year").map(([name, value]) => `\u0002${name}:${value}`);
  for (const word of words) found = both(found, await find(word, false));
  return found;
}

function isWanted(document) {
  return (!filters.site || document.site === filters.site) && (!filters.kind || document.kind === filters.kind)
    && (!filters.validity || document.validity === filters.validity) && (!filters.year || document.date.startsWith(filters.year));
}

/* The days that are asked for, as blocks count them. */
function days() {
  const year = Number(filters.year), beginning = y => Date.UTC(y, 0, 1) / 864e5 + 719163;
  return year ? [beginning(year), beginning(year + 1)] : [-1, Infinity];
}

/* The blocks of what is found, newest first; what has no date, as services, first or last. */
function inOrder(found, isStandingFirst) {
  const order = [...found.keys()].sort((one, other) => other - one).filter(block => Math.floor(block / PARTS) < days()[1]);
  return isStandingFirst ? order.sort((one, other) => (other < PARTS) - (one < PARTS)) : order;
}

const readAhead = order => order.slice(0, AHEAD).forEach(block => readBlock(block).catch(() => {}));

/* Yields what is found, a few documents at a time. */
async function* walk(found, seen, isStandingFirst) {
  const [low, high] = days(), order = inOrder(found, isStandingFirst);
  let batch = [];
  for (let at = 0; at < order.length; at++) {
    if (at % AHEAD === 0) readAhead(order.slice(at));
    const bits = found.get(order[at]);
    for (const entry of await readBlock(order[at])) {
      if (bits[entry.slot >> 3] >> (entry.slot & 7) & 1 && entry.day >= low && entry.day < high && !seen.has(entry)) batch.push(entry);
      if (batch.length === BATCH) { yield batch; batch = []; }
    }
  }
  if (batch.length) yield batch;
}

/* Evenly chosen: the others only make sure of what the text is asked anyway. */
function few(words, most = MOST_PAIRS) {
  return words.length <= most ? words : Array.from({ length: most }, (_, n) => words[Math.floor(n * (words.length - 1) / (most - 1))]);
}

const isExact = ({ document }, word) => document.words.title.text === word;

/* Yields results in the order they are shown: [document, words to mark]; now and then nothing, so that it can be left. */
async function* search() {
  const phrase = foldText(query).text, seen = new Set(), rest = [];
  const split = words => words.map(word => foldText(word).text).filter(word => Array.from(word).length > 1);
  const stages = [], terms = split(query.split(/\s+/)), meant = split(query.split(QUESTION).flatMap(part => part.split(/\s+/)));
  if (Array.from(phrase).length === 1) stages.push([[phrase], [phrase], true]);
  else {
    const words = few(pairs(phrase));
    if (words.length) stages.push([[phrase], words, true], [[phrase], words, false]);
  }
  const others = called(meant);
  if (others.length === 1 && others[0] !== meant[0]) stages.push([others, few(pairs(others[0])), true]);
  if (terms.length > 1) stages.push([terms, few(terms.flatMap(pairs)), false]);
  if (meant.length && meant.join() !== phrase && meant.join() !== terms.join()) {
    if (meant.length === 1) stages.push([meant, few(pairs(meant[0])), true]);
    stages.push([meant, few(meant.flatMap(pairs)), false]);
  }
  // All lists are asked for at once; each stage waits only for its own.
  const finds = stages.map(([, words, isTitle]) => findAll(words, isTitle).then(limit));
  finds.forEach((find, at) => find.then(found => readAhead(inOrder(found, stages[at][2]))).catch(() => {}));
  const texts = stages.findIndex(([, , isTitle]) => !isTitle);
  if (texts >= 0) yield { about: count(await finds[texts]) };
  for (const [at, [words, , isTitle]] of stages.entries()) {
    if (at > texts && !isTitle) yield { about: seen.size + count(await finds[at]) };
    for await (const batch of walk(await finds[at], seen, isTitle)) {
      await Promise.all(batch.map(readDocument));
      if (isTitle) batch.sort((one, other) => isExact(other, words[0]) - isExact(one, words[0]));
      for (const entry of batch) {
        if (!isWanted(entry.document)) continue;
        const isHit = isTitle ? entry.document.words.title.text.includes(words[0]) : await hasAll(entry, words);
        if (isHit) { seen.add(entry); yield { document: entry.document, words }; }
        else if (!isTitle) rest.push(entry);
      }
      yield {};
    }
  }
  for (const entry of rest) if (!seen.has(entry)) { seen.add(entry); yield { document: entry.document, words: pairs(phrase) }; }
  yield* nearly(meant.length ? [...new Set([...meant, ...others])] : [phrase], seen);
}

/* How much of the words a document has: long pieces count for more than the same characters here and there. */
function likeness(document, words) {
  let score = 0;
  for (const word of words) for (let at = 0; at < word.length;) {
    let end = at + 2;
    if (end > word.length || !isIn(document, word.slice(at, end))) { at++; continue; }
    while (end < word.length && isIn(document, word.slice(at, end + 1))) end++;
    score += (end - at) ** 2 * (document.words.title.text.includes(word.slice(at, end)) ? 2 : 1);
    at = end;
  }
  return score;
}

/* Yields what has much of some words, in pieces; the rarest ones first say where to look. */
async function* nearly(words, seen) {
  const sought = await choose(few(pairs(words.join("\n")), 12), false);
  if (!sought.length) return;
  const found = await Promise.all(sought.map(word => find(word, false).then(limit)));
  const numbers = found.map(count), total = Math.max(...numbers, 1) * 4, scores = new Map();
  for (const [place, blocks] of found.entries()) {
    const weight = Math.log(1 + total / (numbers[place] || 1));
    for (const [block, bits] of blocks) for (let at = 0; at < 32; at++) for (let byte = bits[at], bit = 0; byte; byte >>= 1, bit++) if (byte & 1) {
      const slot = block * SLOTS + at * 8 + bit;
      scores.set(slot, (scores.get(slot) || 0) + weight);
    }
  }
  const best = [...scores].sort((one, other) => other[1] - one[1] || other[0] - one[0]).slice(0, NEAR), entries = [];
  for (const [slot] of best) for (const entry of await readBlock(Math.floor(slot / SLOTS))) if (entry.slot === slot % SLOTS && !seen.has(entry)) entries.push(entry);
  const documents = (await Promise.all(entries.map(readDocument))).filter(isWanted), least = 1.2 * Math.min(...words.map(word => word.length));
  const ranked = documents.map(document => ({ document, words: sought, isNearly: true, score: likeness(document, words) }));
  yield* ranked.filter(({ score }) => score >= least).sort((one, other) => other.score - one.score);
}

/* ---- Showing ---- */

const results = document.getElementById("search-results"), status = document.getElementById("search-status");
const more = document.getElementById("search-more"), say = name => page.dataset[name] || "";
const made = (name, text, kind) => { const element = document.createElement(name); if (text) element.textContent = text; if (kind) element.className = kind; return element; };

/* Where the words stand in a text, as they are written there. */
function places({ text, places }, words) {
  const found = [];
  for (const word of words) for (let at = text.indexOf(word); at >= 0 && found.length < 40; at = text.indexOf(word, at + word.length)) found.push([places[at], places[at + word.length]]);
  return found.sort((one, other) => one[0] - other[0]);
}

function mark(element, text, found, from = 0, end = text.length) {
  let last = from;
  for (const [start, stop] of found) {
    if (stop <= last || start >= end) continue;
    element.append(text.slice(last, Math.max(start, last)), made("mark", text.slice(Math.max(start, last), Math.min(stop, end))));
    last = Math.min(stop, end);
  }
  element.append(text.slice(last, end));
}

function show({ document: found, words, isNearly }) {
  if (isNearly && !results.querySelector(".nearly")) results.append(made("li", say("nearly"), "nearly"));
  const item = made("li"), link = made("a"), title = made("h2"), snippet = made("p"), beside = made("p", "", "note");
  const site = form.elements.site.querySelector(`option[value="${CSS.escape(found.site)}"]`);
  link.href = (site ? site.dataset.href : "/").replace(/\/$/, "") + encodeURI(found.address);
  mark(link, found.title, places(found.words.title, words));
  title.append(link);
  const hits = places(found.words.text, words), start = hits.length ? Math.max(0, hits[0][0] - 30) : 0, end = Math.min(found.text.length, start + 110);
  if (start) snippet.append("…");
  mark(snippet, found.text, hits, start, end);
  if (end < found.text.length) snippet.append("…");
  if (found.date) { const time = made("time", found.date); time.dateTime = found.date; beside.append(time, " "); }
  const kind = form.elements.kind.querySelector(`option[value="${found.kind}"]`), validity = form.elements.validity.querySelector(`option[value="${found.validity}"]`);
  const shown = [found.source || (site ? site.textContent : ""), kind && kind.textContent, found.number, found.validity && found.validity !== "in_force" && validity && validity.textContent];
  beside.append(shown.filter(Boolean).join(" · "));
  item.append(title, snippet, beside);
  results.append(item);
}

let number = 0, about = 0, answers;

async function turnPage() {
  const mine = answers, timer = setTimeout(() => patience.abort(), PATIENCE);
  more.hidden = true;
  results.setAttribute("aria-busy", "true");
  let tries = 0, word = "nothing";
  budget = MOST_BYTES;
  try {
    for (const goal = number + PAGE; ;) {
      const { value, done } = await mine.next();
      if (mine !== answers) return;
      if (done) { about = number; break; }
      about = Math.max(about, value.about || 0);
      if (value.document) { show(value); number++; }
      else tries += BATCH;
      if (number >= goal || (number && tries > MOST_TRIES)) { more.hidden = false; break; }
    }
    if (number) word = more.hidden ? "found" : "about";
  } catch (fault) {
    if (mine !== answers) return;
    word = "failed";
    console.warn(fault);
  } finally {
    clearTimeout(timer);
  }
  status.textContent = say(word).replace("{n}", Math.max(about, number));
  results.removeAttribute("aria-busy");
  page.dataset.state = "done";
}

const ownTitle = document.title, fields = Object.keys(filters).map(name => form.elements[name]);

/* Answers what the page's address asks. */
function answer() {
  patience.abort();
  patience = new AbortController();
  readAddress();
  form.elements.q.value = query;
  for (const field of fields) field.value = filters[field.name];
  page.dataset.state = "";
  results.textContent = status.textContent = "";
  more.hidden = true;
  number = about = 0;
  answers = query ? ask() : null;
  document.title = query ? `${query} - ${ownTitle}` : ownTitle;
  if (!query) return;
  status.textContent = say("wait");
  turnPage();
}

async function* ask() {
  if (!isSimplified(query)) await learnCharacters();
  yield* search();
}

function submit(event) {
  event.preventDefault();
  const asked = new URLSearchParams();
  // Addresses stay short: what is not asked for is not in them.
  for (const field of [form.elements.q, ...fields]) if (field.value.trim()) asked.set(field.name, field.value.trim());
  history.pushState(null, "", `?${asked}`);
  answer();
}

form.addEventListener("submit", submit);
for (const field of fields) field.addEventListener("change", event => { if (form.elements.q.value.trim()) submit(event); });
addEventListener("popstate", answer);
document.getElementById("search-filters").hidden = false;
more.addEventListener("click", turnPage);
answer();
})();
