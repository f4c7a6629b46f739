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
 * voter_id to (state, gender, age_group), or null for somebody who isn't on the roll.
 *
 * Each executor reads the roll once, into its memory. A join would send it out again at every checkpoint: seconds, for a
 * million voters. Compiled by Janino, which is part of Spark and knows neither type parameters nor lambdas.
 */
public class RollFunction implements UDF1 {
    private static volatile Map groups;

    public Object call(Object voterId) throws IOException {
        return voterId == null ? null : roll().get(voterId);
    }

    private static Map roll() throws IOException {
        Map voters = groups;
        return voters == null ? read(SparkFiles.get("roll.tsv")) : voters;
    }

    private static synchronized Map read(String file) throws IOException {
        if (groups != null) {
            return groups;
        }
        Map known = new HashMap();
        Map voters = new HashMap();
        BufferedReader lines = new BufferedReader(
            new InputStreamReader(new FileInputStream(file), StandardCharsets.UTF_8)
        );
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            line = line.indexOf('\\') < 0 ? line : StringEscapeUtils.unescapeJava(line);
            int end = line.indexOf('\t');
            String group = line.substring(end + 1);
            Object row = known.get(group);
            if (row == null) {
                row = RowFactory.create((Object[]) group.split("\t", -1));
                known.put(group, row);
            }
            voters.put(line.substring(0, end), row);
        }
        lines.close();
        groups = voters;
        return voters;
    }
}
