package election;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Pattern;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.api.java.UDF2;

/**
 * Key and value of a message on votes_topic to the vote: voter_id, candidate_id, voting_time, vote, and the reason why it
 * is none, or null. The rules are those of `messages.parse_vote`, whose patterns and reasons it is given.
 */
public class ParseVote implements UDF2 {
    private static final JsonFactory JSON = new JsonFactory()
        .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
        .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES);

    static {
        JSON.setStreamReadConstraints(
            StreamReadConstraints.builder().maxNumberLength(Integer.MAX_VALUE).maxNameLength(Integer.MAX_VALUE).build()
        );
    }

    private final Map reasons;
    private final Pattern loneSurrogate;
    private final Pattern utcTime;

    public ParseVote(Map reasons, String loneSurrogate, String utcTime) {
        this.reasons = new HashMap(reasons);
        this.loneSurrogate = Pattern.compile(loneSurrogate);
        this.utcTime = Pattern.compile(utcTime);
    }

    public Object call(Object key, Object value) throws IOException {
        byte[] bytes = (byte[]) value;
        if (bytes == null || bytes.length == 0) {
            return rejected("EMPTY");
        }
        String text = new String(bytes, StandardCharsets.UTF_8);
        if (!Arrays.equals(text.getBytes(StandardCharsets.UTF_8), bytes)) {
            return rejected("NOT_UTF8");
        }
        if (!isFlat(text) || text.contains("\\u") && loneSurrogate.matcher(text).find()) {
            return rejected("NOT_JSON");
        }
        try {
            return parse((byte[]) key, text);
        } catch (JsonProcessingException error) {
            return rejected("NOT_JSON");
        }
    }

    private Row parse(byte[] key, String text) throws IOException {
        String voter = null, candidate = null, time = null;
        Long vote = null;
        int fields = 0;
        JsonParser parser = JSON.createParser(text);
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            return rejected("NOT_JSON");
        }
        for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
            fields++;
            JsonToken token = parser.nextToken();
            if (token == JsonToken.VALUE_STRING) {
                if (name.equals("voter_id")) {
                    voter = parser.getText();
                } else if (name.equals("candidate_id")) {
                    candidate = parser.getText();
                } else if (name.equals("voting_time")) {
                    time = parser.getText();
                }
            } else if (token == JsonToken.VALUE_NUMBER_INT && name.equals("vote")) {
                vote = whole(parser);
            }
            parser.skipChildren();
        }
        if (parser.nextToken() != null) {
            return rejected("NOT_JSON");
        }
        if (fields != 4 || voter == null || candidate == null || time == null || vote == null) {
            return rejected("NOT_A_VOTE");
        }
        if (key == null || !Arrays.equals(key, voter.getBytes(StandardCharsets.UTF_8))) {
            return rejected("WRONG_KEY");
        }
        if (vote.longValue() != 1) {
            return rejected("NOT_ONE");
        }
        Instant moment = moment(time);
        return moment == null ? rejected("NO_TIME") : RowFactory.create(new Object[] {voter, candidate, moment, vote, null});
    }

    private Row rejected(String reason) {
        return RowFactory.create(new Object[] {null, null, null, null, reasons.get(reason)});
    }

    /** Whether there is nothing in braces within the braces. */
    private static boolean isFlat(String text) {
        return text.indexOf('{') == text.lastIndexOf('{') && text.indexOf('}') == text.lastIndexOf('}');
    }

    private static Long whole(JsonParser parser) throws IOException {
        return parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER ? null : Long.valueOf(parser.getLongValue());
    }

    private Instant moment(String time) {
        try {
            return utcTime.matcher(time).matches() ? Instant.parse(time) : null;
        } catch (DateTimeException error) {
            return null;
        }
    }
}
