//! Ruby's Marshal, version 4.8, as far as indexes of gems need it: a writer.
//!
//! The format is that of Ruby's `marshal.c` and its `doc/marshal.rdoc`. Of the classes that appear here RubyGems' own
//! reader, `Gem::SafeMarshal`, takes every one.

/// Version of the format.
pub(super) const HEADER: [u8; 2] = [4, 8];

/// Writer of values, one after another. Whoever writes a container writes as many values after it as it says.
#[derive(Debug)]
pub(super) struct Writer {
    bytes: Vec<u8>,
    symbols: Symbols,
}

/// Symbols that were written already, to which later ones refer by number.
#[derive(Debug)]
enum Symbols {
    Numbered(Vec<&'static str>),
    /// Each one is spelled out.
    Spelled,
}

impl Writer {
    /// Writer of a whole document.
    pub(super) fn document() -> Self {
        Self {
            bytes: HEADER.to_vec(),
            symbols: Symbols::Numbered(Vec::new()),
        }
    }

    /// Writer of a part that stands on its own, wherever in a document it is put: it refers to nothing before it.
    pub(super) fn part() -> Self {
        Self {
            bytes: Vec::new(),
            symbols: Symbols::Spelled,
        }
    }

    /// Bytes of all that was written.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    pub(super) fn nil(&mut self) {
        self.bytes.push(b'0');
    }

    pub(super) fn boolean(&mut self, value: bool) {
        self.bytes.push(if value { b'T' } else { b'F' });
    }

    pub(super) fn integer(&mut self, value: u32) {
        self.bytes.push(b'i');
        self.bytes.extend(length(value as usize));
    }

    /// A `String` in UTF-8.
    pub(super) fn text(&mut self, text: &str) {
        self.bytes.extend(b"I\"");
        self.counted(text.as_bytes());
        self.bytes.extend(length(1));
        self.symbol("E");
        self.boolean(true);
    }

    /// A `String` in UTF-8, or `nil`.
    pub(super) fn optional_text(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.text(text),
            None => self.nil(),
        }
    }

    /// A list of texts.
    pub(super) fn texts<'a>(&mut self, texts: impl ExactSizeIterator<Item = &'a str>) {
        self.array(texts.len());
        for text in texts {
            self.text(text);
        }
    }

    pub(super) fn symbol(&mut self, name: &'static str) {
        if let Symbols::Numbered(known) = &mut self.symbols {
            if let Some(number) = known.iter().position(|own| *own == name) {
                self.bytes.push(b';');
                self.bytes.extend(length(number));
                return;
            }
            known.push(name);
        }
        self.bytes.push(b':');
        self.counted(name.as_bytes());
    }

    /// Start of an array of so many values.
    pub(super) fn array(&mut self, values: usize) {
        self.bytes.push(b'[');
        self.bytes.extend(length(values));
    }

    /// Start of a hash of so many pairs, each a key and its value.
    pub(super) fn hash(&mut self, pairs: usize) {
        self.bytes.push(b'{');
        self.bytes.extend(length(pairs));
    }

    /// Start of an object of so many variables, each a symbol with an `@` and its value.
    pub(super) fn object(&mut self, class: &'static str, variables: usize) {
        self.bytes.push(b'o');
        self.symbol(class);
        self.bytes.extend(length(variables));
    }

    /// Start of an object of a class with `marshal_load`, which gets the next value.
    pub(super) fn loaded(&mut self, class: &'static str) {
        self.bytes.push(b'U');
        self.symbol(class);
    }

    /// An object of a class with `_load`, which gets these bytes.
    pub(super) fn dumped(&mut self, class: &'static str, bytes: &[u8]) {
        self.bytes.push(b'u');
        self.symbol(class);
        self.counted(bytes);
    }

    fn counted(&mut self, bytes: &[u8]) {
        self.bytes.extend(length(bytes.len()));
        self.bytes.extend(bytes);
    }
}

/// A number of at most four bytes, as all lengths are: small ones in one byte, larger ones behind the number of
/// their bytes.
pub(super) fn length(value: usize) -> impl Iterator<Item = u8> {
    let all = value.to_le_bytes();
    let (first, used) = match u8::try_from(value) {
        Ok(0) => (0, 0),
        Ok(small) if small < 123 => (small + 5, 0),
        _ => {
            let used = all.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            (u8::try_from(used).unwrap_or(4), used)
        }
    };
    [first].into_iter().chain(all.into_iter().take(used))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Writer)) -> Vec<u8> {
        let mut writer = Writer::document();
        write(&mut writer);
        writer.into_bytes()
    }

    /// Bytes that `Marshal.dump` of Ruby 3.1 writes for the same numbers.
    #[test]
    fn integers_have_rubys_bytes() {
        for (value, bytes) in [
            (0, &b"\x04\x08i\x00"[..]),
            (1, b"\x04\x08i\x06"),
            (122, b"\x04\x08i\x7f"),
            (123, b"\x04\x08i\x01\x7b"),
            (255, b"\x04\x08i\x01\xff"),
            (256, b"\x04\x08i\x02\x00\x01"),
            (65_535, b"\x04\x08i\x02\xff\xff"),
            (65_536, b"\x04\x08i\x03\x00\x00\x01"),
            (1_073_741_823, b"\x04\x08i\x04\xff\xff\xff\x3f"),
        ] {
            assert_eq!(written(|writer| writer.integer(value)), bytes, "{value}");
        }
    }

    /// `Marshal.dump(["ä", nil, true, :a, :a, {"k" => false}])`
    #[test]
    fn values_have_rubys_bytes() {
        let bytes = written(|writer| {
            writer.array(6);
            writer.text("ä");
            writer.optional_text(None);
            writer.boolean(true);
            writer.symbol("a");
            writer.symbol("a");
            writer.hash(1);
            writer.text("k");
            writer.boolean(false);
        });
        let expected = b"\x04\x08[\x0bI\"\x07\xc3\xa4\x06:\x06ET0T:\x06a;\x06{\x06I\"\x06k\x06;\x00TF";
        assert_eq!(bytes, expected);
    }

    /// `Marshal.dump` of `Gem::Version.new("1")` and of `Gem::Platform.new("java")`.
    #[test]
    fn objects_have_rubys_bytes() {
        let version = written(|writer| {
            writer.loaded("Gem::Version");
            writer.texts(["1"].into_iter());
        });
        assert_eq!(version, b"\x04\x08U:\x11Gem::Version[\x06I\"\x061\x06:\x06ET");
        let platform = written(|writer| {
            writer.object("Gem::Platform", 1);
            writer.symbol("@os");
            writer.text("java");
        });
        assert_eq!(
            platform,
            b"\x04\x08o:\x12Gem::Platform\x06:\x08@osI\"\x09java\x06:\x06ET"
        );
        let dumped = written(|writer| writer.dumped("Gem::Specification", b"ab"));
        assert_eq!(dumped, b"\x04\x08u:\x17Gem::Specification\x07ab");
    }

    #[test]
    fn parts_refer_to_nothing_before_them() {
        let mut part = Writer::part();
        part.text("a");
        part.text("b");
        assert_eq!(part.into_bytes(), b"I\"\x06a\x06:\x06ETI\"\x06b\x06:\x06ET");
    }
}
