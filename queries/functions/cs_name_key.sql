-- What makes two spellings of a name, an address or an id the same: neither case nor blanks count.
name -> replaceRegexpAll(lowerUTF8(toString(name)), '[\\s\\x{3000}\\x{a0}]+', '')
