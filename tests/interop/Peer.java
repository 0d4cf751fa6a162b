// The codec of Eclipse Tahu behind lines of JSON: {"decode": base64} or {"encode": {...}}; integers travel as texts.

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Date;
import org.eclipse.tahu.message.SparkplugBPayloadDecoder;
import org.eclipse.tahu.message.SparkplugBPayloadEncoder;
import org.eclipse.tahu.message.model.Metric;
import org.eclipse.tahu.message.model.MetricDataType;
import org.eclipse.tahu.message.model.SparkplugBPayload;
import org.slf4j.LoggerFactory;

public class Peer {
    private static final ObjectMapper JSON = new ObjectMapper();

    public static void main(String[] arguments) throws Exception {
        ((Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME)).setLevel(Level.OFF);
        var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String text = lines.readLine(); text != null; text = lines.readLine()) {
            JsonNode line = JSON.readTree(text);
            System.out.println(JSON.writeValueAsString(line.has("decode") ? decoded(line.get("decode").asText()) : encoded(line.get("encode"))));
            System.out.flush();
        }
    }

    private static ArrayNode decoded(String base64) throws Exception {
        SparkplugBPayload payload = new SparkplugBPayloadDecoder().buildFromByteArray(Base64.getDecoder().decode(base64), null);
        ArrayNode metrics = JSON.createArrayNode();
        for (Metric metric : payload.getMetrics()) {
            ObjectNode shown = metrics.addObject();
            shown.put("name", metric.getName());
            shown.put("type", metric.getDataType().toString());
            shown.set("value", shown(metric.getValue()));
        }
        return metrics;
    }

    private static JsonNode shown(Object value) {
        if (value instanceof byte[] bytes) return JSON.getNodeFactory().textNode(Base64.getEncoder().encodeToString(bytes));
        if (value instanceof Date date) return JSON.getNodeFactory().textNode(Long.toString(date.getTime()));
        if (value instanceof Float || value instanceof Double || value instanceof Boolean) return JSON.valueToTree(value);
        if (value instanceof Number) return JSON.getNodeFactory().textNode(value.toString());
        if (value instanceof Object[] array) {
            ArrayNode list = JSON.createArrayNode();
            for (Object item : array) list.add(shown(item));
            return list;
        }
        return JSON.valueToTree(value);
    }

    private static String encoded(JsonNode given) throws Exception {
        var payload = new SparkplugBPayload.SparkplugBPayloadBuilder(given.get("seq").asLong());
        payload.setTimestamp(new Date(given.get("timestamp").asLong()));
        for (JsonNode metric : given.get("metrics")) {
            MetricDataType type = MetricDataType.fromInteger(metric.get("number").asInt());
            Object value = metric.get("value").isNull() ? null : given(metric.get("type").asText(), metric.get("value"));
            payload.addMetric(new Metric.MetricBuilder(metric.get("name").asText(), type, value).createMetric());
        }
        return Base64.getEncoder().encodeToString(new SparkplugBPayloadEncoder().getBytes(payload.createPayload(), false));
    }

    private static Object given(String type, JsonNode value) {
        return switch (type) {
            case "Int8" -> Byte.valueOf(value.asText());
            case "Int16", "UInt8" -> Short.valueOf(value.asText());
            case "Int32", "UInt16" -> Integer.valueOf(value.asText());
            case "Int64", "UInt32" -> Long.valueOf(value.asText());
            case "UInt64" -> new BigInteger(value.asText());
            case "DateTime" -> new Date(Long.parseLong(value.asText()));
            case "Float" -> (float) value.asDouble();
            case "Double" -> value.asDouble();
            case "Boolean" -> value.asBoolean();
            case "Bytes" -> Base64.getDecoder().decode(value.asText());
            default -> value.asText();
        };
    }
}
