// A host application with Eclipse Tahu, driven by lines of JSON: {"rebirth": node} asks for a rebirth, {"write": metric, "device", "value"} writes.

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Date;
import java.util.List;
import org.eclipse.tahu.host.HostApplication;
import org.eclipse.tahu.host.api.HostApplicationEventHandler;
import org.eclipse.tahu.message.SparkplugBPayloadDecoder;
import org.eclipse.tahu.message.model.DeviceDescriptor;
import org.eclipse.tahu.message.model.EdgeNodeDescriptor;
import org.eclipse.tahu.message.model.Message;
import org.eclipse.tahu.message.model.MessageType;
import org.eclipse.tahu.message.model.Metric;
import org.eclipse.tahu.message.model.MetricDataType;
import org.eclipse.tahu.message.model.SparkplugBPayload;
import org.eclipse.tahu.message.model.SparkplugDescriptor;
import org.eclipse.tahu.message.model.Topic;
import org.eclipse.tahu.model.MqttServerDefinition;
import org.eclipse.tahu.mqtt.MqttClientId;
import org.eclipse.tahu.mqtt.MqttServerName;
import org.eclipse.tahu.mqtt.MqttServerUrl;
import org.eclipse.tahu.mqtt.RandomStartupDelay;
import org.slf4j.LoggerFactory;

public class TahuHost implements HostApplicationEventHandler {
    private static final ObjectMapper JSON = new ObjectMapper();

    public static void main(String[] arguments) throws Exception {
        ((Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME)).setLevel(Level.OFF);
        String url = arguments[0], user = arguments[1], password = arguments[2], hostId = arguments[3], group = arguments[4];
        var server = new MqttServerDefinition(
                new MqttServerName("broker"), new MqttClientId("tahu-" + hostId, false), new MqttServerUrl(url), user, password, 30, null);
        var host = new HostApplication(
                new TahuHost(), hostId, List.of("spBv1.0/" + group + "/#"), List.of(server), new RandomStartupDelay("0-1"),
                new SparkplugBPayloadDecoder(), true);
        host.start(true);
        var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String text = lines.readLine(); text != null; text = lines.readLine()) {
            JsonNode line = JSON.readTree(text);
            String node = line.get("node").asText();
            boolean isDevice = line.has("device");
            Topic topic = isDevice
                    ? new Topic("spBv1.0", group, node, line.get("device").asText(), MessageType.DCMD)
                    : new Topic("spBv1.0", group, node, MessageType.NCMD);
            Metric metric = line.has("rebirth")
                    ? new Metric.MetricBuilder("Node Control/Rebirth", MetricDataType.Boolean, true).createMetric()
                    : new Metric.MetricBuilder(line.get("write").asText(), MetricDataType.Double, line.get("value").asDouble()).createMetric();
            host.publishCommand(topic, new SparkplugBPayload.SparkplugBPayloadBuilder().setTimestamp(new Date()).addMetric(metric).createPayload());
        }
        host.shutdown();
        System.exit(0);
    }

    private static synchronized void say(String event, Object where, Metric metric) {
        ObjectNode line = JSON.createObjectNode().put("event", event).put("where", String.valueOf(where));
        if (metric != null) line.put("metric", metric.getName()).put("value", String.valueOf(metric.getValue()));
        System.out.println(line);
    }

    public void onConnect() { say("connect", "", null); }
    public void onDisconnect() { say("disconnect", "", null); }
    public void onMessage(SparkplugDescriptor where, Message message) {}
    public void onNodeBirthArrived(EdgeNodeDescriptor where, Message message) {}
    public void onNodeBirthComplete(EdgeNodeDescriptor where) { say("node-birth", where, null); }
    public void onNodeDataArrived(EdgeNodeDescriptor where, Message message) {}
    public void onNodeDataComplete(EdgeNodeDescriptor where) {}
    public void onNodeDeath(EdgeNodeDescriptor where, Message message) { say("node-death", where, null); }
    public void onNodeDeathComplete(EdgeNodeDescriptor where) {}
    public void onDeviceBirthArrived(DeviceDescriptor where, Message message) {}
    public void onDeviceBirthComplete(DeviceDescriptor where) { say("device-birth", where, null); }
    public void onDeviceDataArrived(DeviceDescriptor where, Message message) {}
    public void onDeviceDataComplete(DeviceDescriptor where) {}
    public void onDeviceDeath(DeviceDescriptor where, Message message) { say("device-death", where, null); }
    public void onDeviceDeathComplete(DeviceDescriptor where) {}
    public void onBirthMetric(SparkplugDescriptor where, Metric metric) { say("born", where, metric); }
    public void onDataMetric(SparkplugDescriptor where, Metric metric) { say("data", where, metric); }
    public void onStale(SparkplugDescriptor where, Metric metric) { say("stale", where, metric); }
}
