package election;

import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.apache.commons.text.StringEscapeUtils;
import org.apache.spark.SparkFiles;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.api.java.UDF1;

/**
 * A key to its row of a table that PostgreSQL copied to a file, or null for a key that isn't there.
 *
 * Each executor reads the file once, into its memory. A join would send the table out again at every checkpoint: seconds,
 * for a million voters. Compiled by Janino, which is part of Spark and knows neither type parameters nor lambdas.
 */
public class Lookup implements UDF1 {
    private static final Map TABLES = new HashMap();

    private final String file;
    private transient Map table;

    public Lookup(String file) {
        this.file = file;
    }

    public Object call(Object key) throws IOException {
        if (table == null) {
            table = read(file);
        }
        return key == null ? null : table.get(key);
    }

    private static synchronized Map read(String file) throws IOException {
        Map table = (Map) TABLES.get(file);
        if (table != null) {
            return table;
        }
        table = new HashMap();
        Map known = new HashMap();
        BufferedReader lines = new BufferedReader(
            new InputStreamReader(new FileInputStream(SparkFiles.get(file)), StandardCharsets.UTF_8)
        );
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            int end = line.indexOf('\t');
            String rest = line.substring(end + 1);
            Object row = known.get(rest);
            if (row == null) {
                String[] columns = rest.split("\t", -1);
                for (int column = 0; column < columns.length; column++) {
                    columns[column] = unescape(columns[column]);
                }
                row = RowFactory.create((Object[]) columns);
                known.put(rest, row);
            }
            table.put(unescape(line.substring(0, end)), row);
        }
        lines.close();
        TABLES.put(file, table);
        return table;
    }

    private static String unescape(String text) {
        return text.indexOf('\\') < 0 ? text : StringEscapeUtils.unescapeJava(text);
    }
}
