package election;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.commons.text.StringEscapeUtils;
import org.apache.spark.SparkFiles;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.api.java.UDF1;

/**
 * A key to its row of a table that PostgreSQL copied to a file, or null for a key that isn't there.
 *
 * Each executor holds the file as it is, and a hash table of where its lines begin: a few large arrays. A million voters
 * as objects of their own would be moved about by the garbage collector, which stops the count for that: half a second.
 * A join would send the table out again at every checkpoint. Compiled by Janino, which is part of Spark and knows neither
 * type parameters nor lambdas.
 */
public class Lookup implements UDF1 {
    private static final Map TABLES = new HashMap();
    private static final int FREE = -1;

    private final String file;
    private transient Table table;

    public Lookup(String file) {
        this.file = file;
    }

    public Object call(Object key) throws IOException {
        if (table == null) {
            table = read(file);
        }
        return key == null ? null : table.find(escape((String) key).getBytes(StandardCharsets.UTF_8));
    }

    private static synchronized Table read(String file) throws IOException {
        Table table = (Table) TABLES.get(file);
        if (table == null) {
            table = new Table(Files.readAllBytes(new File(SparkFiles.get(file)).toPath()));
            TABLES.put(file, table);
        }
        return table;
    }

    /** Text as COPY writes it; the characters are those of PostgreSQL's CopyAttributeOutText. */
    private static String escape(String text) {
        StringBuilder escaped = null;
        for (int at = 0; at < text.length(); at++) {
            int special = "\b\f\n\r\t\u000b\\".indexOf(text.charAt(at));
            if (special >= 0 && escaped == null) {
                escaped = new StringBuilder(text.substring(0, at));
            }
            if (special >= 0) {
                escaped.append('\\').append("bfnrtv\\".charAt(special));
            } else if (escaped != null) {
                escaped.append(text.charAt(at));
            }
        }
        return escaped == null ? text : escaped.toString();
    }

    /** The lines of a file by their first column; of what follows it, a row for each different one. */
    private static class Table {
        private final byte[] text;
        private final int[] lines;
        private final int[] rowOf;
        private final List rows = new ArrayList();

        Table(byte[] text) {
            this.text = text;
            int count = 0;
            for (int at = 0; at < text.length; at++) {
                count += text[at] == '\n' ? 1 : 0;
            }
            lines = new int[Integer.highestOneBit(Math.max(count, 1)) * 4];
            rowOf = new int[lines.length];
            Arrays.fill(lines, FREE);
            Map known = new HashMap();
            for (int begin = 0; begin < text.length; ) {
                int tab = next('\t', begin);
                int end = next('\n', tab);
                String rest = new String(text, tab + 1, end - tab - 1, StandardCharsets.UTF_8);
                Integer row = (Integer) known.get(rest);
                if (row == null) {
                    row = Integer.valueOf(rows.size());
                    rows.add(parse(rest));
                    known.put(rest, row);
                }
                int slot = slotOf(text, begin, tab - begin);
                lines[slot] = begin;
                rowOf[slot] = row.intValue();
                begin = end + 1;
            }
        }

        Object find(byte[] key) {
            int slot = slotOf(key, 0, key.length);
            return lines[slot] == FREE ? null : rows.get(rowOf[slot]);
        }

        /** The slot of the key that begins at `from`: its own, or the free one that it would take. */
        private int slotOf(byte[] key, int from, int length) {
            int hash = 0;
            for (int at = 0; at < length; at++) {
                hash = 31 * hash + key[from + at];
            }
            int slot = (hash ^ hash >>> 16) & lines.length - 1;
            while (lines[slot] != FREE && !isAt(lines[slot], key, from, length)) {
                slot = slot + 1 & lines.length - 1;
            }
            return slot;
        }

        private boolean isAt(int line, byte[] key, int from, int length) {
            for (int at = 0; at < length; at++) {
                if (text[line + at] != key[from + at]) {
                    return false;
                }
            }
            return text[line + length] == '\t';
        }

        private int next(char wanted, int from) {
            int at = from;
            while (text[at] != wanted) {
                at++;
            }
            return at;
        }

        private static Row parse(String rest) {
            String[] columns = rest.split("\t", -1);
            for (int column = 0; column < columns.length; column++) {
                columns[column] = StringEscapeUtils.unescapeJava(columns[column]);
            }
            return RowFactory.create((Object[]) columns);
        }
    }
}
