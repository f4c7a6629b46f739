package election;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.SparkFiles;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.api.java.UDF1;

/**
 * A key to its row of a table that PostgreSQL copied to a file, or null for a key that isn't there.
 *
 * Each executor holds the keys in their order, and each different row once: a hash map of a million voters would take half
 * as much memory again. A join would send the table out again at every checkpoint. Compiled by Janino, which is part of
 * Spark and knows neither type parameters nor lambdas.
 */
public class Lookup implements UDF1 {
    private static final Map TABLES = new HashMap();
    // A signature, flags and a length, which are the same in every file.
    private static final int HEADER_BYTES = 19;

    private final String file;
    private transient Object[][] table;

    public Lookup(String file) {
        this.file = file;
    }

    public Object call(Object key) throws IOException {
        if (table == null) {
            table = load(file);
        }
        int at = key == null ? -1 : Arrays.binarySearch(table[0], key);
        return at < 0 ? null : table[1][at];
    }

    private static synchronized Object[][] load(String file) throws IOException {
        if (!TABLES.containsKey(file)) {
            TABLES.put(file, read(new DataInputStream(new BufferedInputStream(new FileInputStream(SparkFiles.get(file))))));
        }
        return (Object[][]) TABLES.get(file);
    }

    /** The keys in their order, and the row of each, of what COPY wrote in its binary format. */
    private static Object[][] read(DataInputStream copied) throws IOException {
        Map table = new TreeMap(), known = new HashMap();
        copied.skipNBytes(HEADER_BYTES);
        for (int columns = copied.readShort(); columns > 0; columns = copied.readShort()) {
            String key = text(copied);
            Object[] others = new Object[columns - 1];
            for (int column = 0; column < others.length; column++) {
                others[column] = text(copied);
            }
            Row row = RowFactory.create(others);
            known.putIfAbsent(row, row);
            table.put(key, known.get(row));
        }
        copied.close();
        return new Object[][] {table.keySet().toArray(), table.values().toArray()};
    }

    private static String text(DataInputStream copied) throws IOException {
        return new String(copied.readNBytes(copied.readInt()), StandardCharsets.UTF_8);
    }
}
