package standin

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// workflowFile is what a file of .github/workflows says, as far as the stand-in knows workflows. What it would have to leave out and so run
// differently from GitHub, such as an if, is an error.
type workflowFile struct {
	name, runName string
	dispatch      bool // on workflow_dispatch
	inputs        map[string]workflowInput
	push          bool     // on push
	branches      []string // of pushes, as patterns; none: all
	env           map[string]string
	jobs          []jobFile // in the order of the file
}

type workflowInput struct {
	Required bool   `yaml:"required"`
	Default  string `yaml:"default"`
}

// jobFile is one job of a workflow's file.
type jobFile struct {
	id, name       string
	needs          []string
	environment    string
	environmentURL string
	env            map[string]string
	steps          []stepFile
}

type stepFile struct {
	Name string            `yaml:"name"`
	Uses string            `yaml:"uses"`
	Run  string            `yaml:"run"`
	Env  map[string]string `yaml:"env"`
	If   *yaml.Node        `yaml:"if"`
}

// parseWorkflow reads a file. With an error it gives what it could read, which may be that pushes start it.
func parseWorkflow(text []byte) (*workflowFile, error) {
	var raw struct {
		Name    string            `yaml:"name"`
		RunName string            `yaml:"run-name"`
		On      yaml.Node         `yaml:"on"`
		Env     map[string]string `yaml:"env"`
		Jobs    yaml.Node         `yaml:"jobs"`
	}
	f := &workflowFile{}
	if err := yaml.Unmarshal(text, &raw); err != nil {
		return f, fmt.Errorf("reading a workflow: %w", err)
	}
	f.name, f.runName, f.env = raw.Name, raw.RunName, raw.Env
	if err := f.readTriggers(&raw.On); err != nil {
		return f, err
	}
	if raw.Jobs.Kind != yaml.MappingNode || len(raw.Jobs.Content) == 0 {
		return f, fmt.Errorf("reading a workflow: it has no jobs")
	}
	for i := 0; i+1 < len(raw.Jobs.Content); i += 2 {
		if err := f.readJob(raw.Jobs.Content[i].Value, raw.Jobs.Content[i+1]); err != nil {
			return f, fmt.Errorf("reading job %s: %w", raw.Jobs.Content[i].Value, err)
		}
	}
	return f, f.checkNeeds()
}

// readTriggers reads on: one event, a list of them, or a mapping with what each takes.
func (f *workflowFile) readTriggers(on *yaml.Node) error {
	if on.Kind != yaml.MappingNode {
		var events oneOrMore
		if err := on.Decode(&events); err != nil {
			return fmt.Errorf("reading a workflow's events: %w", err)
		}
		for _, event := range events {
			f.dispatch, f.push = f.dispatch || event == "workflow_dispatch", f.push || event == "push"
		}
		return nil
	}
	var events map[string]*struct {
		Inputs   map[string]workflowInput `yaml:"inputs"`
		Branches oneOrMore                `yaml:"branches"`
	}
	if err := on.Decode(&events); err != nil {
		return fmt.Errorf("reading a workflow's events: %w", err)
	}
	dispatch, push := events["workflow_dispatch"], events["push"]
	_, f.dispatch = events["workflow_dispatch"]
	_, f.push = events["push"]
	if dispatch != nil {
		f.inputs = dispatch.Inputs
	}
	if push != nil {
		f.branches = push.Branches
	}
	return nil
}

func (f *workflowFile) readJob(id string, node *yaml.Node) error {
	var raw struct {
		Name        string            `yaml:"name"`
		Needs       oneOrMore         `yaml:"needs"`
		Environment environmentName   `yaml:"environment"`
		Env         map[string]string `yaml:"env"`
		Steps       []stepFile        `yaml:"steps"`
		If          *yaml.Node        `yaml:"if"`
		Strategy    *yaml.Node        `yaml:"strategy"`
		Uses        string            `yaml:"uses"`
	}
	if err := node.Decode(&raw); err != nil {
		return err
	}
	if raw.If != nil || raw.Strategy != nil || raw.Uses != "" {
		return fmt.Errorf("the stand-in does not know if, strategy and uses of a job")
	}
	for _, step := range raw.Steps {
		if step.If != nil {
			return fmt.Errorf("the stand-in does not know if of a step")
		}
	}
	name := raw.Name
	if name == "" {
		name = id
	}
	f.jobs = append(f.jobs, jobFile{
		id: id, name: name, needs: raw.Needs, environment: raw.Environment.Name, environmentURL: raw.Environment.URL,
		env: raw.Env, steps: raw.Steps,
	})
	return nil
}

// checkNeeds requires that every job can start some day: what it needs is there, and not in a circle.
func (f *workflowFile) checkNeeds() error {
	can := map[string]bool{}
	for range f.jobs {
		for _, j := range f.jobs {
			can[j.id] = !slices.ContainsFunc(j.needs, func(need string) bool { return !can[need] })
		}
	}
	for _, j := range f.jobs {
		if !can[j.id] {
			return fmt.Errorf("job %s needs what is not there, or itself", j.id)
		}
	}
	return nil
}

// oneOrMore is a text or a list of texts.
type oneOrMore []string

// UnmarshalYAML reads either form.
func (o *oneOrMore) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		*o = oneOrMore{node.Value}
		return nil
	}
	return node.Decode((*[]string)(o))
}

// environmentName is an environment's name, alone or with the address of what is deployed there.
type environmentName struct {
	Name string `yaml:"name"`
	URL  string `yaml:"url"`
}

// UnmarshalYAML reads either form.
func (e *environmentName) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		e.Name = node.Value
		return nil
	}
	type plain environmentName
	return node.Decode((*plain)(e))
}

// expand replaces the expressions in a text. Only names are known as expressions; an input that was not given is empty.
func expand(text string, values map[string]string) (string, error) {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(text, "${{")
		out.WriteString(before)
		if !found {
			return out.String(), nil
		}
		inner, after, closed := strings.Cut(rest, "}}")
		name := strings.TrimSpace(inner)
		value, known := values[name]
		isInput := strings.HasPrefix(name, "inputs.") || strings.HasPrefix(name, "github.event.inputs.")
		if !closed || !known && !isInput {
			return "", fmt.Errorf("the stand-in does not know the expression ${{ %s }}", name)
		}
		out.WriteString(value)
		text = after
	}
}

// resolved is a job with its expressions replaced. Its env is the workflow's and its own, and a step's is all of them.
func (f *workflowFile) resolved(j jobFile, values map[string]string) (jobFile, error) {
	var problem error
	replace := func(text string) string {
		out, err := expand(text, values)
		if err != nil && problem == nil {
			problem = err
		}
		return out
	}
	j.name, j.environment, j.environmentURL = replace(j.name), replace(j.environment), replace(j.environmentURL)
	steps := make([]stepFile, len(j.steps))
	for i, step := range j.steps {
		env := map[string]string{}
		for _, layer := range []map[string]string{f.env, j.env, step.Env} {
			maps.Copy(env, layer)
		}
		for key, value := range env {
			env[key] = replace(value)
		}
		steps[i] = stepFile{Name: replace(step.Name), Uses: step.Uses, Run: replace(step.Run), Env: env}
	}
	j.steps = steps
	return j, problem
}
