package election;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
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
    private static final JsonFactory FACTORY = new JsonFactory()
        .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
        .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES);
    private static final ObjectMapper JSON = new ObjectMapper(FACTORY)
        .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    static {
        FACTORY.setStreamReadConstraints(
            StreamReadConstraints.builder().maxNumberLength(Integer.MAX_VALUE).maxNameLength(Integer.MAX_VALUE).build()
        );
    }

    private final Map reasons;
    private final Pattern loneSurrogate;
    private final Pattern utcTime;
    private final int mostBrackets;

    public ParseVote(Map reasons, String loneSurrogate, String utcTime, String mostBrackets) {
        this.reasons = new HashMap(reasons);
        this.loneSurrogate = Pattern.compile(loneSurrogate);
        this.utcTime = Pattern.compile(utcTime);
        this.mostBrackets = Integer.parseInt(mostBrackets);
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
        if (!isFlat(text) || text.contains("\\u") && loneSurrogate.matcher(text.replace("\\\\", "--")).find()) {
            return rejected("NOT_JSON");
        }
        try {
            return parse((byte[]) key, text);
        } catch (JsonProcessingException error) {
            return rejected("NOT_JSON");
        }
    }

    private Row parse(byte[] key, String text) throws IOException {
        JsonNode fields = JSON.readTree(text);
        if (!fields.isObject()) {
            return rejected("NOT_JSON");
        }
        JsonNode voter = (JsonNode) fields.path("voter_id"), candidate = (JsonNode) fields.path("candidate_id");
        JsonNode time = (JsonNode) fields.path("voting_time"), vote = (JsonNode) fields.path("vote");
        boolean texts = voter.isTextual() && candidate.isTextual() && time.isTextual();
        if (fields.size() != 4 || !texts || !vote.isIntegralNumber() || !vote.canConvertToLong()) {
            return rejected("NOT_A_VOTE");
        }
        if (key == null || !Arrays.equals(key, voter.textValue().getBytes(StandardCharsets.UTF_8))) {
            return rejected("WRONG_KEY");
        }
        if (vote.longValue() != 1) {
            return rejected("NOT_ONE");
        }
        Instant moment = moment(time.textValue());
        if (moment == null) {
            return rejected("NO_TIME");
        }
        return RowFactory.create(new Object[] {voter.textValue(), candidate.textValue(), moment, Long.valueOf(1), null});
    }

    private Row rejected(String reason) {
        return RowFactory.create(new Object[] {null, null, null, null, reasons.get(reason)});
    }

    /** Whether there is nothing in braces within the braces, nor brackets without end. */
    private boolean isFlat(String text) {
        boolean shallow = text.length() - text.replace("[", "").length() <= mostBrackets;
        return shallow && text.indexOf('{') == text.lastIndexOf('{') && text.indexOf('}') == text.lastIndexOf('}');
    }

    private Instant moment(String time) {
        try {
            return utcTime.matcher(time).matches() ? Instant.parse(time) : null;
        } catch (DateTimeException error) {
            return null;
        }
    }
}
