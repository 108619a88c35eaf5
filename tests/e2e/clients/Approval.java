/** Starts a task, polls it, approves it and polls its end, with java.net.http.HttpClient as it is by default. */

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

public class Approval {
    private static final HttpClient CLIENT = HttpClient.newHttpClient();
    private static final Pattern STATUS = Pattern.compile("\"status\":\"(\\w+)\"");
    private static final int MOST_READS = 60;

    private final String url;
    private final String key;
    private final String task;
    private final List<String> statuses = new ArrayList<>();

    private Approval(String url, String key, String task) {
        this.url = url;
        this.key = key;
        this.task = task;
    }

    public static void main(String[] arguments) throws Exception {
        new Approval(arguments[0], arguments[1], arguments[2]).run();
    }

    private void run() throws Exception {
        see(post("/v1/workflows/approval/invoke/async", "{\"id\": \"" + task + "\", \"input\": {\"text\": \"Refund\"}}"));
        poll("paused");
        post("/__emulator/tasks/" + task + "/signals", "{\"signal\": \"approve\"}");
        poll("completed");
        System.out.println(String.join(" ", statuses));
    }

    private void poll(String status) throws Exception {
        for (int reads = 0; reads < MOST_READS && !statuses.get(statuses.size() - 1).equals(status); reads++) {
            see(send(request("/v1/tasks/" + task).GET()));
        }
    }

    private void see(String body) {
        var found = STATUS.matcher(body);
        found.find();
        if (statuses.isEmpty() || !statuses.get(statuses.size() - 1).equals(found.group(1))) {
            statuses.add(found.group(1));
        }
    }

    private String post(String path, String body) throws Exception {
        var request = request(path).header("content-type", "application/json");
        return send(request.POST(BodyPublishers.ofString(body)));
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(url + path)).header("x-api-key", key);
    }

    private static String send(HttpRequest.Builder request) throws Exception {
        var response = CLIENT.send(request.build(), BodyHandlers.ofString());
        if (response.statusCode() != 200) {
            throw new IllegalStateException(response.statusCode() + " " + response.body());
        }
        return response.body();
    }
}
