-- Regular expression (re2) of what the setting excluded_users lists, in lower case; of an empty list, one that matches nothing.
list -> if(
    empty(arrayFilter(x -> x != '', arrayMap(x -> trimBoth(x), splitByChar(',', list)))), '[^\\s\\S]',
    concat('(?s)^(', arrayStringConcat(arrayMap(
        x -> replaceAll(regexpQuoteMeta(concat(if(startsWith(x, '@'), '*', ''), x)), '\\*', '.*'),
        arrayFilter(x -> x != '', arrayMap(x -> trimBoth(lowerUTF8(x)), splitByChar(',', list)))), '|'), ')$'))
